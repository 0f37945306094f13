"""``python -m evals STEP_DIR [STEP_DIR ...]``: score the responses of finished answer steps."""

import sys

from evals.measuring import measure_answers
from evals.steps import import_answers, score_answers
from workbench.engine import main

PACKAGES = ("pydantic",)
DO = {"import": import_answers, "measure": measure_answers, "score": score_answers}

if __name__ == "__main__":
    sys.exit(main(DO, program="evals", packages=PACKAGES))
