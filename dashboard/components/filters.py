"""The filters of the history: one control for each name in its address. Scripts move them; see assets/history.js."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.attributes import attributes
from model.taxonomy import DIAGNOSES
from model.verdict import VERDICTS

# What one looks for -> the states of a review that show it.
REVIEWS: tuple[tuple[str, str], ...] = (
    ("open", "Needs review"),
    ("reviewed", "Reviewed, nothing confirmed"),
    ("confirmed", "Confirmed, the model agreed"),
    ("overcalled", "Confirmed benign, called malignant"),
    ("missed", "Confirmed malignant, called benign"),
)
SORTS: tuple[tuple[str, str], ...] = (
    ("created.desc", "Newest first"),
    ("created.asc", "Oldest first"),
    ("probability.desc", "Highest probability first"),
    ("probability.asc", "Lowest probability first"),
    ("review.desc", "Disagreements first"),
    ("review.asc", "Needs review first"),
    ("decision.desc", "Decision: uncertain, malignant, benign"),
    ("decision.asc", "Decision: benign, malignant, uncertain"),
    ("diagnosis.asc", "Diagnosis A to Z"),
    ("diagnosis.desc", "Diagnosis Z to A"),
    ("lesion.asc", "Lesion reference A to Z"),
    ("lesion.desc", "Lesion reference Z to A"),
    ("site.asc", "Body site A to Z"),
    ("site.desc", "Body site Z to A"),
    ("filename.asc", "File name A to Z"),
    ("filename.desc", "File name Z to A"),
    ("model.asc", "Model A to Z"),
    ("model.desc", "Model Z to A"),
)
# The names that the controls behind "More filters" stand for.
MORE = ("diagnosis", "confirmed", "model", "site", "tag", "lesion", "from", "to", "pmin", "pmax")


def filters(
    chosen: Mapping[str, Any],
    models: Sequence[str],
    sites: Sequence[str],
    tags: Sequence[str],
    view: Component,
) -> html.Div:
    """All filters, set as the address says.

    Args:
        chosen: name in the address -> text, or list of texts for a filter that takes several.
        models, sites, tags: what predictions have.
        view: what stands at the end of the first row.
    """
    used = sum(bool(chosen.get(name)) for name in MORE)
    return html.Div(
        [
            html.Div(
                [
                    unseen(
                        "Search", "q", text("q", "Search names, references, notes, tags", chosen, "search")
                    ),
                    decisions(chosen.get("decision") or []),
                    unseen("Review", "review", several("review", "Any review", REVIEWS, chosen)),
                    unseen(
                        "Order",
                        "sort",
                        dbc.Select(
                            id="history-sort",
                            options=[{"label": label, "value": value} for value, label in SORTS],
                            value=chosen.get("sort") or "created.desc",
                            class_name="history-sort",
                        ),
                    ),
                    view,
                ],
                className="history-filters",
            ),
            html.Details(
                [
                    html.Summary(more(used), id="history-more"),
                    html.Div(
                        [
                            labelled(
                                "Most likely diagnosis",
                                "diagnosis",
                                several("diagnosis", "Any", names(), chosen),
                            ),
                            labelled(
                                "Confirmed diagnosis",
                                "confirmed",
                                several("confirmed", "Any", names(), chosen),
                            ),
                            labelled("Model", "model", several("model", "Any", pairs(models), chosen)),
                            labelled("Body site", "site", several("site", "Any", pairs(sites), chosen)),
                            labelled("Tag", "tag", several("tag", "Any", pairs(tags), chosen)),
                            labelled("Lesion reference", "lesion", text("lesion", "Any", chosen)),
                            between("Day", "from", "to", "date", chosen),
                            between("Probability in %", "pmin", "pmax", "text", chosen),
                        ],
                        className="history-grid-of-filters",
                    ),
                ],
                open=bool(used),
                className="history-details",
            ),
        ],
        role="search",
        **attributes(aria_label="Filter the history"),
    )


def more(used: int) -> str:
    """What opens the other filters, and how many of them are set."""
    return f"More filters · {used} set" if used else "More filters"


def names() -> list[tuple[str, str]]:
    """The diagnoses as choices."""
    return [(one.code, one.name) for one in DIAGNOSES]


def pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    """Values that are their own labels."""
    return [(value, value) for value in values]


def text(name: str, placeholder: str, chosen: Mapping[str, Any], kind: str = "text") -> dcc.Input:
    """One text."""
    return dcc.Input(
        id=f"history-{name}",
        type=kind,  # type: ignore[arg-type]  # Browsers know "date", the component's hint does not
        value=chosen.get(name) or "",
        placeholder=placeholder,
        debounce=0.3,
        maxLength=200,
        className=f"history-text history-text-{kind}",
    )


def several(
    name: str,
    placeholder: str,
    options: Sequence[tuple[str, str]],
    chosen: Mapping[str, Any],
) -> dcc.Dropdown:
    """Any number of values."""
    values = list(chosen.get(name) or [])
    known = {value for value, _ in options}
    # A link may ask for what nobody has any more; it must stay in sight, or nobody could take it back.
    unknown = [(value, value) for value in values if value not in known]
    return dcc.Dropdown(
        id=f"history-{name}",
        options=[{"label": label, "value": value} for value, label in [*options, *unknown]],
        value=values,
        multi=True,
        placeholder=placeholder,
        className="history-choice",
    )


def decisions(chosen: Sequence[str]) -> dcc.Checklist:
    """The decisions by shape and word; none chosen means all."""
    return dcc.Checklist(
        id="history-decision",
        options=[
            {
                "label": html.Span(
                    [
                        html.Span(one.shape, className="verdict-shape", **attributes(aria_hidden="true")),
                        " " + one.short,
                    ]
                ),
                "value": name,
            }
            for name, one in VERDICTS.items()
        ],
        value=list(chosen),
        inline=True,
        className="history-decision",
    )


def unseen(label: str, name: str, control: Component) -> html.Div:
    """A control that speaks for itself, with its name for those who don't see it."""
    word = html.Label(label, htmlFor=f"history-{name}", className="visually-hidden")
    return html.Div([word, control], className=f"history-part history-part-{name}")


def labelled(label: str, name: str, control: Component) -> html.Div:
    """A control below its name."""
    word = html.Label(label, htmlFor=f"history-{name}", className="label")
    return html.Div([word, control], className="history-field")


def between(label: str, low: str, high: str, kind: str, chosen: Mapping[str, Any]) -> html.Fieldset:
    """A lowest and a highest value."""
    return html.Fieldset(
        [
            html.Legend(label, className="label"),
            html.Div(
                [
                    unseen("From", low, text(low, "from", chosen, kind)),
                    html.Span("to", className="note"),
                    unseen("To", high, text(high, "to", chosen, kind)),
                ],
                className="history-between",
            ),
        ],
        className="history-field",
    )
