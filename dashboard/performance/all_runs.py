"""Every model with its recipe and what it reaches, in a table that is sorted by figure, date or recipe value."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.performance.machines import recipe_value
from dashboard.shell.attributes import attributes
from model.bundle import Bundle
from model.evaluation.review import evaluate_split, training_words
from model.evaluation.rows import splits
from model.evaluation.words import fact_label, rate

RUN_COLUMNS = (
    "Model",
    "Version",
    "Made",
    "Recipe and data",
    "Images trained on",
    "AUC",
    "Sensitivity",
    "Specificity",
)
# A cell: its words, and what it is sorted by; "" comes last.
SortedCell = tuple[str, float | str]


def runs_table(models: Sequence[Bundle], split: str) -> Component:
    """Every model with what it reaches on a split.

    A click on a head or a choice sorts; a recipe value that is chosen gets a column (assets/sort.js).
    """
    recipes = [recipe_of(one) for one in models]
    names = differing_values(recipes)
    titles = [fact_label(name) for name in names]
    head = [sorting_head(one) for one in RUN_COLUMNS] + [sorting_head(one, hidden=True) for one in titles]
    rows = [run_row(one, split, recipe, names) for one, recipe in zip(models, recipes, strict=True)]
    table = html.Table(
        [html.Thead(html.Tr(head)), html.Tbody(rows)],
        className="groups runs-table",
        id="performance-all-runs",
        **attributes(data_sortable="yes"),
    )
    return html.Div([sort_controls(titles), html.Div(table, className="wide")])


def sorting_head(title: str, hidden: bool = False) -> Component:
    """The head of a column, which sorts by it."""
    return html.Th(html.Button(title, type="button", className="as-link"), scope="col", hidden=hidden)


def sort_controls(recipe: Sequence[str]) -> Component:
    """What the table is sorted by: columns, then recipe values. On a telephone its heads cannot be seen."""
    places = [html.Option(title, value=str(place)) for place, title in enumerate(RUN_COLUMNS)]
    values = [html.Option(title, value=str(len(RUN_COLUMNS) + place)) for place, title in enumerate(recipe)]
    groups = [html.Optgroup(places, label="Columns")]
    groups += [html.Optgroup(values, label="Recipe values that differ")] if values else []
    labels = attributes(data_sorts="performance-all-runs")
    select = html.Select(groups, id="performance-sort", className="form-select filter", **labels)
    turn = html.Button(
        "Turn order",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **attributes(data_turns="yes"),
    )
    label = html.Label("All models, sorted by", htmlFor="performance-sort", className="label")
    return html.Div([html.Div([label, select]), turn], className="row-apart")


def recipe_of(model: Bundle) -> Mapping[str, Any]:
    """The recipe's values that are one number, word or yes or no."""
    recipe = model.card.training.get("recipe")
    items = recipe.items() if isinstance(recipe, Mapping) else ()
    return {
        name: value for name, value in items if isinstance(value, str | int | float) and name != "purpose"
    }


def differing_values(recipes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the values in which recipes differ; "name" is in a column already."""
    names = dict.fromkeys(name for one in recipes for name in one if name != "name")
    return [name for name in names if len({one.get(name) for one in recipes}) > 1]


def run_row(model: Bundle, split: str, recipe: Mapping[str, Any], names: Sequence[str]) -> Component:
    """One model; each cell says what it is sorted by."""
    values = zip(RUN_COLUMNS[1:], run_cells(model, split), strict=True)
    shown = [sorted_cell(name, *cell) for name, cell in values]
    shown += [
        sorted_cell(fact_label(name), recipe_value(recipe, name), recipe.get(name, ""), hidden=True)
        for name in names
    ]
    return html.Tr([html.Th(model.name, scope="row", **attributes(data_value=model.name)), *shown])


def sorted_cell(name: str, words: str, value: float | str, hidden: bool = False) -> Component:
    """A cell of a column."""
    return html.Td(words, hidden=hidden, **attributes(data_name=name, data_value=str(value)))


def run_cells(model: Bundle, split: str) -> list[SortedCell]:
    """What the columns after the first have of a model."""
    card = model.card
    images = card.training.get("images")
    values: list[SortedCell] = [
        (card.version, card.version),
        (card.created[:10], card.created),
        (training_words(card.training) or "–", training_words(card.training)),
        (f"{images:,}", images) if isinstance(images, int) else ("–", ""),
    ]
    if split not in splits(model):
        return [*values, *[("not scored", "")] * 3]
    shown = evaluate_split(model, split, ())
    at = shown.at(shown.threshold)
    values.append(("–", "") if math.isnan(shown.auc) else (f"{shown.auc:.3f}", shown.auc))
    rates = (at.sensitivity, at.specificity)
    return [*values, *((rate(one.value), one.value) if one.defined else ("–", "") for one in rates)]
