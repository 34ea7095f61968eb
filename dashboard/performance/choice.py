"""What is looked at: model, models to compare with, cases and filter."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.performance.view import OVERLAYS, View
from dashboard.shell.attributes import attributes
from model.bundle import Bundle
from model.evaluation.cohort import COLUMNS, part_title, slug
from model.evaluation.rows import USUAL, kinds_of

SPLIT_WORDS: dict[str, str] = {
    "test": "Test: never used in training",
    "validation": "Validation: used to choose the threshold",
}
# What the cases can be narrowed to: other scores first, then parts of them.
FILTERS = (*USUAL, *COLUMNS)
ANY: dict[str, str] = {
    "modality": "Dermoscopic",
    "without": "The network that ships",
    "age": "Any age",
    "sex": "Any sex",
    "site": "Any site",
    "source": "Any source",
    "skin tone": "Any skin tone",
    "confirmation": "Any confirmation",
    "diagnosis": "Any diagnosis",
}


def choice_of_view(models: Sequence[Bundle], view: View) -> Component:
    """The selects of the page."""
    top = [
        labelled_choice(
            "Model",
            "performance-model",
            dbc.Select(id="performance-model", options=model_options(models), value=view.model.name),
        ),
        labelled_choice("Compare with", "performance-compare", compare_select(models, view)),
        labelled_choice(
            "Cases",
            "performance-split",
            dbc.Select(id="performance-split", options=split_options(view.splits), value=view.split),
        ),
    ]
    return html.Div(
        [
            dbc.Row([dbc.Col(one, xs=12, md=4) for one in top], className="g-3"),
            html.Div([*filter_selects(view), overlay_select(view), actions(view)], className="filters"),
        ],
        className="performance-choice",
    )


def labelled_choice(label: str, component_id: str, control: Component) -> Component:
    """A control with its label."""
    return html.Div([html.Label(label, htmlFor=component_id, className="label"), control])


def compare_select(models: Sequence[Bundle], view: View) -> Component:
    """Any number of the other models."""
    options = other_options(models, view.model.name)
    return dcc.Dropdown(
        id="performance-compare",
        options=options,
        value=[one.name for one in view.others],
        multi=True,
        searchable=len(options) > 7,
        disabled=not options,
        placeholder="No other model" if options else "There is no other model",
        className="performance-compare",
    )


def filter_selects(view: View) -> list[Component]:
    """A select a variable; those that the scores do not hold cannot be opened."""
    chosen = dict(view.where)
    selects: list[Component] = [html.Span("Only", className="label")]
    for variable in FILTERS:
        options = part_options(variable, view)
        select = dbc.Select(
            id={"type": "performance-filter", "name": variable},
            options=options,
            value=chosen.get(variable, ""),
            # Shown for the empty value, even though an option has it.
            placeholder=ANY[variable],
            disabled=len(options) < 2,
            className="filter",
        )
        # The select says by itself what it is about; a screen reader is told before.
        selects.append(html.Label([html.Span(variable, className="visually-hidden"), select]))
    return selects


def overlay_select(view: View) -> Component:
    """What the figures lay groups of over the whole by."""
    options = [{"value": "", "label": "Nothing laid over"}]
    options += [{"value": name, "label": f"Overlay: {words}"} for name, words in OVERLAYS.items()]
    select = dbc.Select(
        id="performance-overlay",
        options=options,
        value=view.overlay,
        className="filter",
        placeholder="Overlay",
    )
    words = html.Label(
        "Groups laid over the figures", htmlFor="performance-overlay", className="visually-hidden"
    )
    return html.Div([words, select])


def actions(view: View) -> Component:
    """Taking the view along as a link or as a report."""
    return html.Div(
        [
            html.Button(
                [html.I(className="icon icon-link"), html.Span("Copy link")],
                id="performance-link",
                type="button",
                className="btn btn-sm btn-outline-secondary",
            ),
            html.A(
                [html.I(className="icon icon-report"), html.Span("Report")],
                id="performance-report",
                href=report_address(view.model.name, view.split),
                className="btn btn-sm btn-outline-secondary",
                title="Save the whole review as one HTML file",
                # performance.js adds the filter and the prevalence that are set when it is clicked.
                **attributes(data_table="report"),
            ),
            html.Button(
                [html.I(className="icon icon-print"), html.Span("Print")],
                id="performance-print",
                type="button",
                className="btn btn-sm btn-outline-secondary",
                title="Draw every figure, then print this page",
            ),
        ],
        className="actions",
    )


def report_address(model: str, split: str) -> str:
    """Where the report of a model on a split is."""
    return local_address(f"/performance/report/{quote(model, safe='')}.html?" + urlencode({"split": split}))


def model_options(models: Sequence[Bundle]) -> list[dict[str, str]]:
    """Every intact bundle; one without weights says so."""
    return [
        {"value": one.name, "label": one.name + ("" if one.runnable else " (results only, no weights here)")}
        for one in models
    ]


def other_options(models: Sequence[Bundle], model: str) -> list[dict[str, str]]:
    """The other models."""
    return [{"value": one.name, "label": one.name} for one in models if one.name != model]


def split_options(splits: Sequence[str]) -> list[dict[str, str]]:
    """The evaluated splits, in words where we know them."""
    return [
        {"value": name, "label": SPLIT_WORDS.get(name, f"{name.capitalize()}: another source")}
        for name in splits
    ]


def kind_options(variable: str, view: View) -> list[dict[str, Any]]:
    """The modalities or runs whose scores are stored; the usual one has no value, as it is in no address."""
    kinds = kinds_of(view.model, view.split) if view.split else {}
    own = getattr(view.kind, "run" if variable == "modality" else "modality")
    usual = USUAL[variable]
    options = [{"value": "", "label": ANY[variable]}]
    for kind, n in kinds.items():
        name, other = (kind.modality, kind.run) if variable == "modality" else (kind.run, kind.modality)
        if name != usual and other == own:
            label = (
                f"Close-ups ({n:,})" if variable == "modality" else f"{name}, never seen in training ({n:,})"
            )
            options.append({"value": slug(name), "label": label})
    return options


def part_options(variable: str, view: View) -> list[dict[str, Any]]:
    """All cases, or one of the parts with its size."""
    if variable in USUAL:
        return kind_options(variable, view)
    parts, taxonomy = view.parts.get(variable, {}), view.model.card.taxonomy
    return [
        {"value": "", "label": ANY[variable]},
        *(
            {"value": slug(name), "label": f"{part_title(variable, name, taxonomy)} ({n:,})"}
            for name, n in parts.items()
        ),
    ]
