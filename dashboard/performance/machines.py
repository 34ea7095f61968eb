"""How long trainings took: in all, an epoch and a photograph, and on what machine."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from dashboard.performance.panels import figures_table
from model.bundle import Bundle
from model.evaluation.review import training_epochs

HEAD = ("Trained", "Epochs", "Time", "An epoch", "A photograph", "Machine", "Learning rate", "Batch")


@dataclass(frozen=True)
class TrainingTime:
    """A training.

    Attributes:
        seconds: of each epoch, its validation included.
        photographs: drawn in an epoch; None where the recipe does not say.
        recipe: values by name.
    """

    name: str
    seconds: tuple[float, ...]
    photographs: int | None
    machine: str
    recipe: Mapping[str, Any]


def time_of_model(model: Bundle) -> TrainingTime:
    """What a model's card and history say of its training."""
    training, epochs = model.card.training, training_epochs(model)
    seconds = epochs["seconds"].dropna().tolist() if "seconds" in epochs else []
    return training_time(model.name, seconds, training.get("processor"), training.get("recipe"))


def training_time(name: str, seconds: Sequence[float], machine: Any, recipe: Any) -> TrainingTime:
    """A training; what is not noted, or is not what it should be, is left out."""
    values = recipe if isinstance(recipe, Mapping) else {}
    drawn = values.get("views_an_epoch")
    photographs = drawn if isinstance(drawn, int) and drawn > 0 else None
    return TrainingTime(name, tuple(map(float, seconds)), photographs, str(machine or ""), values)


def machine_table(trainings: Sequence[TrainingTime]) -> Component:
    """A row a training: how long it took, on what, and how fast it learned."""
    rows = [
        (
            one.name,
            str(len(one.seconds) or "–"),
            duration_words(sum(one.seconds)) if one.seconds else "not noted",
            spread_words(one.seconds, 1, " s"),
            spread_words(one.seconds, 1000 / one.photographs, " ms") if one.photographs else "–",
            one.machine or "not noted",
            recipe_value(one.recipe, "learning_rate"),
            recipe_value(one.recipe, "batch"),
        )
        for one in trainings
    ]
    return figures_table(HEAD, rows, "machines")


def spread_words(seconds: Sequence[float], times: float, unit: str) -> str:
    """The median of some times, and the shortest and the longest."""
    if not seconds:
        return "–"
    low, middle, high = (times * one for one in (min(seconds), statistics.median(seconds), max(seconds)))
    return f"{middle:,.0f}\u00a0{unit.strip()} ({low:,.0f} to {high:,.0f})"


def recipe_value(recipe: Mapping[str, Any], name: str) -> str:
    """A value of a recipe; a dash where it is not noted."""
    value = recipe.get(name)
    return "–" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)


def duration_words(seconds: float) -> str:
    """How long something took, in hours and minutes; below two minutes in seconds."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
