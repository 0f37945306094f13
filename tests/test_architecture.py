"""Who may import whom, proved from the source: no cycles, no hidden imports, one home for each heavy library."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("workbench", "evals", "rag", "recipes")
HEAVY = {
    "torch",
    "transformers",
    "trl",
    "peft",
    "faiss",
    "lm_eval",
    "sentence_transformers",
    "bitsandbytes",
    "datasets",
}
ALLOWED = {
    "workbench": {"workbench"},
    "evals": {
        "workbench",
        "evals",
        "recipes.model",
        "recipes.answer",
        "recipes.asking",
        "recipes.bases",
        "recipes.reading",
    },
    "rag": {"workbench", "rag"},
    "recipes": {"workbench", "rag", "evals.abstention", "evals.scorers", "recipes"},
}
HOMES = {
    "bm25s": {"rag.lexical"},
    "faiss": {"rag.vectors"},
    "sentence_transformers": {"rag.embed", "rag.rerank", "rag.tuning", "evals.nli"},
    "bs4": {"rag.webpage"},
    "charset_normalizer": {"rag.encodings"},
    "docx": {"rag.word"},
    "markitdown": {"rag.layout"},
    "pypdf": {"rag.pdf"},
    "lm_eval": {"evals.harness", "evals.loaded"},
}


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))
    yield ROOT / "streamlit_app.py"


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in _files()}


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def _imported(path: Path) -> set[str]:
    return set(_imports(ast.parse(path.read_text(encoding="utf-8"))))


def test_there_are_modules_to_check() -> None:
    assert len(MODULES) > 40
    assert all(any(name.startswith(package) for name in MODULES) for package in PACKAGES)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_only_what_its_package_may(name: str) -> None:
    package = name.split(".")[0]
    if package == "streamlit_app":
        return
    for wanted in _imported(MODULES[name]):
        own = wanted.split(".")[0]
        if own in PACKAGES:
            fine = any(wanted == rule or wanted.startswith(f"{rule}.") for rule in ALLOWED[package])
            assert fine, f"{name} imports {wanted}"
            assert not (package == "recipes" and wanted.startswith("workbench.views"))
        if package == "workbench":
            assert own not in HEAVY, f"{name} imports {own}, which is heavy"
        if own == "streamlit":
            assert name.startswith("workbench.views"), f"{name} imports streamlit"
        if own in HOMES:
            assert name in HOMES[own], f"{own} is at home in {HOMES[own]}, not in {name}"


def test_no_import_cycles() -> None:
    graph = {
        name: {wanted for wanted in _imported(path) if wanted in MODULES and wanted != name}
        for name, path in MODULES.items()
    }
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError, naming the cycle
    assert len(order) >= len(MODULES)


def test_no_own_module_is_imported_inside_a_function() -> None:
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                hidden = {wanted for wanted in _imports(node) if wanted.split(".")[0] in PACKAGES}
                assert not hidden, f"{name}.{node.name} imports {hidden}"


def test_no_grab_bags() -> None:
    for name in MODULES:
        assert not {"utils", "util", "common", "helpers", "helper", "misc"} & set(name.split(".")), name


def test_the_top_level_holds_only_what_belongs_there() -> None:
    wanted = {
        *PACKAGES,
        "tests",
        "pyproject.toml",
        "README.md",
        "streamlit_app.py",
        "Makefile",
        "LICENSE",
        "CHANGELOG.md",
    }
    ignored = {"build", "workspace"}
    found = {
        path.name for path in ROOT.iterdir() if not path.name.startswith(".") and not path.name.endswith(".egg-info")
    }
    assert found - ignored <= wanted
