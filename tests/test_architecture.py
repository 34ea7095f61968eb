"""Who may import whom: the rooms of the house, held by reading the code and by one honest start."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"model": {"model"}, "training": {"training", "model"}, "dashboard": {"dashboard", "model"}}
HEAVY = {"tensorflow", "keras", "jax", "torch", "tf2onnx", "onnx", "cv2", "sklearn", "scipy"}

# Inside the dashboard a folder, or a module beside the folders, imports only what lies on lower floors. So pages never
# import each other. The API lies above them: it sends the PDF of a case report.
FLOORS = {
    "addresses": 0,
    "bundle_folder": 0,
    "diagnoses": 0,
    "examples": 0,
    "logs": 0,
    "settings": 0,
    "store": 1,
    "context_tables": 2,
    "services": 2,
    "users": 2,
    "cases": 3,
    "patients": 4,
    "inspection": 4,
    "jobs": 4,
    "models": 4,
    "judging": 4,
    "shell": 5,
    "predict": 6,
    "performance": 6,
    "history": 6,
    "bin": 6,
    "case": 6,
    "case_report": 6,
    "patient": 6,
    "monitoring": 6,
    "compare": 6,
    "admin": 6,
    "api": 7,
    "security": 8,
    "server": 8,
    "app": 9,
    "wsgi": 10,
    "serve": 10,
    "__main__": 11,
}

# What stored scores say of a model: predicting needs none of it.
EVALUATION = "model.evaluation"


@dataclass(frozen=True)
class Import:
    """One imported name: `module` uses `target`, at import time or, when `late`, inside a function."""

    module: str
    target: str
    late: bool

    @property
    def package(self) -> str:
        return self.target.split(".", maxsplit=1)[0]


def modules(package: str) -> dict[str, Path]:
    """Every module of a package by its dotted name."""
    found: dict[str, Path] = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(module: str, source: str, is_package: bool = False) -> list[Import]:
    """What a module imports while it runs; what stands under `if TYPE_CHECKING:` never runs."""
    return list(_walk(ast.parse(source), module, is_package, late=False))


def _walk(node: ast.AST, module: str, is_package: bool, late: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (Import(module, name.name, late) for name in node.names)
    if isinstance(node, ast.ImportFrom):
        base = module.split(".")
        base = base[: len(base) - node.level + is_package] if node.level else []
        whole = ".".join([*base, *([node.module] if node.module else [])])
        # `from package import name` may name a module as well as a value: both are looked at.
        yield from (Import(module, f"{whole}.{name.name}", late) for name in node.names)
    late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, module, is_package, late)


def imports_of(package: str) -> list[Import]:
    return [
        found
        for module, path in modules(package).items()
        for found in imports(module, path.read_text(encoding="utf-8"), path.name == "__init__.py")
    ]


def is_within(name: str, package: str) -> bool:
    """Whether a dotted name is a package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def import_graph(package: str) -> dict[str, set[str]]:
    """The modules of the package that each of its modules imports, at import time or late."""
    graph: dict[str, set[str]] = {module: set() for module in modules(package)}
    for found in imports_of(package):
        target = found.target
        while target and target not in graph:
            target = target.rpartition(".")[0]
        if target and target != found.module:
            graph[found.module].add(target)
    return graph


def first_circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def room(module: str) -> str | None:
    """The room of a dashboard module: `dashboard.store.query` is in `store`."""
    parts = module.split(".")
    return parts[1] if parts[0] == "dashboard" and len(parts) > 1 else None


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_is_below_them(package: str) -> None:
    ours = set(PACKAGES) | {"tests"}
    wrong = [i for i in imports_of(package) if i.package in ours and i.package not in PACKAGES[package]]
    assert not wrong


def test_every_room_of_the_dashboard_has_a_floor() -> None:
    assert {room(module) for module in modules("dashboard")} - {None} == set(FLOORS)


def test_rooms_of_the_dashboard_import_only_lower_floors() -> None:
    across = [(found, room(found.module), room(found.target)) for found in imports_of("dashboard")]
    assert not [
        found
        for found, here, there in across
        if here in FLOORS and there in FLOORS and here != there and FLOORS[there] >= FLOORS[here]
    ]


def store_writes() -> set[str]:
    """The methods of the store that write to the database, and what lets others do so."""
    (store,) = (
        node
        for node in ast.parse(modules("dashboard")["dashboard.store.repository"].read_text()).body
        if isinstance(node, ast.ClassDef)
    )
    methods = [node for node in store.body if isinstance(node, ast.FunctionDef)]
    return {method.name for method in methods if "self.writing" in ast.unparse(method)} | {
        "writing",
        "prepare",
    }


def test_only_cases_and_users_write_to_the_store() -> None:
    """Pages, API, jobs and command line ask `dashboard.cases`; a backup is brought in by the command line alone."""
    writes = store_writes()
    assert {"add", "change", "delete"} <= writes
    outside = {
        name: path
        for name, path in modules("dashboard").items()
        if room(name) not in ("store", "cases", "users")
    }
    assert not [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, path in outside.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in writes
        and ast.unparse(node.value).endswith("store")
    ]
    inner = {f"dashboard.store.{name}" for name in ("changes", "restore", "transactions")}
    assert {
        found.module
        for found in imports_of("dashboard")
        if found.module in outside and any(is_within(found.target, name) for name in inner)
    } == {"dashboard.__main__"}


@pytest.mark.parametrize("package", ["model", "dashboard"])
def test_serving_never_imports_what_only_training_needs(package: str) -> None:
    assert not [i for i in imports_of(package) if i.package in HEAVY]


def test_the_model_never_imports_its_evaluation() -> None:
    inner = [i for i in imports_of("model") if not is_within(i.module, EVALUATION)]
    assert not [i for i in inner if is_within(i.target, EVALUATION)]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_by_way_of_others(package: str) -> None:
    """Late imports count: they hide a circle, they do not open it."""
    assert first_circle(import_graph(package)) == []


def test_a_circle_is_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}}
    assert set(first_circle(graph)) == {"b", "c"}
    assert first_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_only_the_engine_imports_onnx_runtime() -> None:
    """Its package has told it to report nothing by then."""
    everything = imports_of("model") + imports_of("dashboard") + imports_of("training") + imports_of("tests")
    assert {i.module for i in everything if i.package == "onnxruntime"} == {"model.engine"}


def test_the_reader_of_imports_sees_what_matters() -> None:
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import keras\n"
        "from . import services\nfrom ..model import engine\n"
        "def f():\n    import tensorflow.data\n"
    )
    found = imports("dashboard.api", source)
    assert [(i.target, i.late) for i in found] == [
        ("typing.TYPE_CHECKING", False),
        ("dashboard.services", False),
        ("model.engine", False),
        ("tensorflow.data", True),
    ]
    assert [i.target for i in imports("dashboard.store", "from .query import Query", True)] == [
        "dashboard.store.query.Query"
    ]


@pytest.mark.parametrize("what", ["dashboard.app", "model.predictor", "model.engine"])
def test_starting_loads_no_training_library(what: str, tmp_path: Path) -> None:
    """The whole application and its first page, or a module, in a fresh interpreter."""
    make = f"import sys, {what}\n"
    if what == "dashboard.app":
        make += (
            "app = dashboard.app.create_app()\nassert app.server.test_client().get('/').status_code == 200\n"
        )
    make += f"print(sorted({HEAVY | {'training'}!r} & set(sys.modules)))"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DERMABOARD_")}
    environment["DERMABOARD_DATA_DIR"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", make], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("package", ["dashboard", "model", "training"])
def test_functions_and_modules_are_short_enough_to_read(package: str) -> None:
    """At most 60 lines a function, and 400 a module."""
    long: list[str] = []
    for path in sorted((ROOT / package).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        long += [str(path)] if text.count("\n") > 400 else []
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        long += [f"{path}: {one.name}" for one in functions if (one.end_lineno or 0) - one.lineno >= 60]
    assert long == []
