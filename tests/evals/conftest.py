"""The toy base model of the recipes, to ask suites of."""

from tests.recipes.conftest import toy_base

__all__ = ["toy_base"]
