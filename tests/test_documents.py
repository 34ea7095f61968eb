"""What the documents say is true: their links, files, commands, settings, routes and figures."""

import re
import shlex
from collections.abc import Iterator
from itertools import dropwhile, takewhile
from pathlib import Path

import pytest
from dash import Dash

import dashboard.__main__
import model.__main__
import model.evaluation.__main__
import training.__main__
from dashboard.settings import SHIPPED_BUNDLES, Settings, variable
from model.bundle import open_bundle
from model.evaluation.cardtext import short_text
from tests.benchmarks.__main__ import GROUPS

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "model/README.md",
    "training/README.md",
    "training/RESULTS.md",
    "dashboard/README.md",
    "tests/benchmarks/README.md",
)
PARSERS = {
    "model": model.__main__.model_parser,
    "model.evaluation": model.evaluation.__main__.evaluation_parser,
    "training": training.__main__.training_parser,
    "dashboard": dashboard.__main__.dashboard_parser,
}
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# A module, and what is defined in it: `model/predictor.py`, `decide`
NAMED_PART = re.compile(r"`([\w/]+\.py)`, `(\w+)`")
NAMED_FILE = re.compile(r"`((?:model|training|dashboard|assets|tests|requirements)/[\w./-]*\.\w+)`")


def text_of(name: str) -> str:
    """A document as it is written."""
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to headings."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def typed(text: str) -> Iterator[str]:
    """What is to be typed: indented lines, with those that a backslash joins, and code inside of sentences."""
    indented = re.sub(r"\\\n\s*", " ", text)
    yield from re.findall(r"^    (\S.*)$", indented, re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", text)


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = dropwhile(lambda line: not line.startswith("|"), text.split(heading, 1)[1].splitlines())
    table = list(takewhile(lambda line: line.startswith("|"), lines))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def test_the_readme_is_short() -> None:
    assert len(text_of("README.md").split()) <= 700


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_named_files_are_there(name: str) -> None:
    text = text_of(name)
    for target in LINK.findall(text):
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target
    for path in NAMED_FILE.findall(text):
        assert (ROOT / path).exists(), path
    for path, part in NAMED_PART.findall(text):
        assert re.search(rf"^(def |class |){part}\b", text_of(path), re.MULTILINE), f"{part} in {path}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_are_understood(name: str) -> None:
    targets = set(re.findall(r"^([\w./$()-]+):", text_of("Makefile"), re.MULTILINE))
    for line in typed(text_of(name)):
        words = shlex.split(line.replace("...", ""), comments=True)
        if words[:1] == ["make"]:
            assert set(words[1:]) <= targets | {".venv-dev/.installed"}, line
        if "-m" in words and "python" in words[words.index("-m") - 1]:
            package, *arguments = words[words.index("-m") + 1 :]
            understood(package, arguments, line)


def understood(package: str, arguments: list[str], line: str) -> None:
    """Fail where a command is not one of ours; a sentence may name one without its arguments."""
    if package == "tests.benchmarks":
        assert set(arguments) <= set(GROUPS), line
    elif package in PARSERS:
        try:
            PARSERS[package]().parse_args([*arguments, "--help"] if len(arguments) == 1 else arguments)
        except SystemExit as end:
            assert not end.code, line


def test_every_setting_is_listed_with_its_default() -> None:
    listed = {
        cells[0].strip("`"): cells[1] for cells in rows(text_of("dashboard/README.md"), "settings are there")
    }
    assert set(listed) == {variable(name) for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default and field.default != SHIPPED_BUNDLES:
            assert listed[variable(name)] == f"`{field.default}`", name


def test_routes_are_there(app: Dash) -> None:
    known = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1"))
        for rule in app.server.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for cells in rows(text_of("dashboard/README.md"), "use the API"):
        method, path = cells[0].strip("`").split(" ")
        assert (method, path) in known, cells[0]


def test_the_readme_has_the_figures_of_the_card() -> None:
    wanted = short_text(open_bundle(SHIPPED_BUNDLES / "dermanet").card)
    found = text_of("README.md").split("--short -->\n\n")[1].split("\n<!-- end -->")[0]
    assert found == wanted, f"The README's figures are of another card. Put this there:\n\n{wanted}"


def test_every_benchmark_is_described() -> None:
    described = [
        cells[0].strip("`") for cells in rows(text_of("tests/benchmarks/README.md"), "does each group")
    ]
    assert described == list(GROUPS)
