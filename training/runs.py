"""What a recipe builds on: runs of other recipes, each in a folder of its name below one root."""

import json
from pathlib import Path

from model.bundle import HISTORY, digest
from training.recipes import RECIPES, Recipe

BEST, LAST, FACTS = "best.weights.h5", "last.keras", "run.json"


class RunError(ValueError):
    """A run cannot start or go on; the message says what to change."""


def read_history(run: Path) -> list[dict[str, float]]:
    """The epochs that a run has finished."""
    path = run / HISTORY
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def lineage(recipe: Recipe) -> tuple[str, ...]:
    """The recipes that must have been trained before this one, each after those that it builds on itself."""
    found: dict[str, None] = {}
    for name in (*((recipe.start,) if recipe.start else ()), *recipe.teachers):
        found |= dict.fromkeys((*lineage(RECIPES[name]), name))
    return tuple(found)


def best_weights(name: str, runs: Path, wanted_by: str) -> Path:
    """The weights of a recipe's best epoch. Raises RunError where it was not trained."""
    path = runs / name / BEST
    if not path.is_file():
        raise RunError(
            f"{wanted_by} builds on {name}, and {runs / name} holds no trained network. Run `python -m training train "
            f"{name}` first, or name the folder of all runs with --runs; `reproduce {wanted_by}` trains everything."
        )
    return path


def facts_before(recipe: Recipe, runs: Path) -> list[dict[str, object]]:
    """Of every run that a recipe builds on: what it started from, its weights, and how long it took."""
    return [facts_of(name, runs, recipe.name) for name in lineage(recipe)]


def facts_of(name: str, runs: Path, wanted_by: str) -> dict[str, object]:
    """What a card says of a run that its own builds on. Raises RunError where it was not trained."""
    weights = best_weights(name, runs, wanted_by)
    return {
        "recipe": name,
        "init": json.loads((runs / name / FACTS).read_text())["init"],
        "weights_sha256": digest(weights),
        "seconds": round(sum(line["seconds"] for line in read_history(runs / name)), 1),
    }
