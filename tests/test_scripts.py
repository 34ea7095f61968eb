"""The browser's scripts: what they add to the page's names, and that a name has one file."""

import re
from collections import Counter
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "assets").glob("*.js"))
# Ours, and those that Dash and its grid look into.
SPACES = {"dermaboard", "dash_clientside", "dashAgGridComponentFunctions"}
# Libraries that come later have a stand-in until then, and every question to the server is looked at.
OTHERS = {
    "lazy.js": {"library", "mark.dataset.library"},
    "turns.js": {"Plotly"},
    "answers.js": {"fetch"},
}
# What a script calls each of these names.
ALIASES = {"shared": "dermaboard", "clientside": "dash_clientside", "cells": "dashAgGridComponentFunctions"}
ADDED = re.compile(
    r"^\s*(?:window\.)?(shared|clientside|cells|dermaboard|dash_clientside)\.(\w+) = ", re.MULTILINE
)


def added(script: Path) -> list[str]:
    """What a script puts into the shared names, as `dermaboard.queue`."""
    return [f"{ALIASES.get(space, space)}.{name}" for space, name in ADDED.findall(script.read_text("utf-8"))]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_keeps_to_the_shared_names(script: Path) -> None:
    text = script.read_text("utf-8")
    # Nothing is declared for all scripts.
    code = re.sub(r"^//.*\n", "", text, flags=re.MULTILINE)
    assert code.startswith('(function () {\n  "use strict";\n') and code.endswith("\n})();\n")
    assigned = set(re.findall(r"\bwindow\.(\w+) (?:\|\|)?= ", text)) | set(
        re.findall(r"\bwindow\[([\w.]+)\] = ", text)
    )
    assert assigned <= SPACES | OTHERS.get(script.name, set())
    called = re.findall(r"const (\w+) = \(?window\.(\w+)(?: = |;)", text)
    assert {(alias, space) for alias, space in called if space in SPACES} <= set(ALIASES.items())


def test_no_name_is_given_in_two_scripts() -> None:
    found = Counter(name for script in SCRIPTS for name in set(added(script)))
    assert {
        "dermaboard.queue",
        "dash_clientside.performance",
        "dashAgGridComponentFunctions.HistoryTime",
    } <= set(found)
    assert [name for name, files in found.items() if files > 1] == []


def test_what_is_used_of_the_shared_names_is_there() -> None:
    texts = [script.read_text("utf-8") for script in SCRIPTS]
    used = {
        f"dermaboard.{name}" for text in texts for name in re.findall(r"\b(?:shared|dermaboard)\.(\w+)", text)
    }
    assert used - {name for script in SCRIPTS for name in added(script)} == set()


def test_scripts_use_no_private_name_of_dash() -> None:
    """But one: Dash knows no other way to be told that a component is still on its way."""
    found = {
        name for script in SCRIPTS for name in re.findall(r"_dashprivate_\w+", script.read_text("utf-8"))
    }
    assert found == {"_dashprivate_isLazyComponentReady"}
