"""Names of public functions and classes: each says what it is, and few stand in more than one module."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What every page, every command line and every migration has.
EVERYWHERE = {"layout", "register", "routes", "main", "upgrade"}
# Names that stand in more than one module stay below this number.
BOUND = 2


def shared_names() -> dict[str, list[str]]:
    """Public functions and classes that stand in more than one module, with these modules."""
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for package in ("dashboard", "model", "training"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    modules[node.name].append(path.relative_to(ROOT).as_posix())
    return {
        name: found
        for name, found in sorted(modules.items())
        if len(found) > 1 and not name.startswith("_") and name not in EVERYWHERE
    }


def test_few_names_stand_in_more_than_one_module() -> None:
    shared = shared_names()
    print(f"{len(shared)} names of functions and classes stand in more than one module.")
    listed = "\n".join(f"{name}: {', '.join(found)}" for name, found in shared.items())
    assert len(shared) < BOUND, f"{len(shared)} names, {BOUND - 1} are allowed:\n{listed}"
