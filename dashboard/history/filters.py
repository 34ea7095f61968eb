"""The filters of the history: one control for each name in its address. Scripts move them; see assets/history.js."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes
from dashboard.shell.browse import NAMES, SEVERAL
from dashboard.shell.text import OUTCOMES
from dashboard.store.fields import CONTEXT, ContextField
from dashboard.store.records import RANKED_OUTCOMES

# What one looks for -> the states of a review that show it.
REVIEWS: tuple[tuple[str, str], ...] = (
    ("open", "Needs review"),
    ("reviewed", "Reviewed, nothing confirmed"),
    ("confirmed", "Confirmed, the model agreed"),
    ("undecided", "Confirmed, uncertain or no result"),
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
    ("outcome.desc", "Malignant first, benign last"),
    ("outcome.asc", "Benign first, malignant last"),
    ("diagnosis.asc", "Diagnosis A to Z"),
    ("diagnosis.desc", "Diagnosis Z to A"),
    *(
        (f"{field.name}.{direction}", f"{field.label} {order}")
        for field in CONTEXT
        if field.sortable and field.type is str
        for direction, order in (("asc", "A to Z"), ("desc", "Z to A"))
    ),
    ("filename.asc", "File name A to Z"),
    ("filename.desc", "File name Z to A"),
    ("model.asc", "Model A to Z"),
    ("model.desc", "Model Z to A"),
)
# What a result was before an update gave it another outcome.
BEFORE = [(str(name), f"Was {OUTCOMES[name].short.lower()}") for name in reversed(RANKED_OUTCOMES)]
WAITED_FOR = (("histology", "Histology"), ("follow-up", "Follow-up"))
# The filters that offer the values which predictions have.
LISTED_VALUES = (
    "model",
    "tag",
    *(field.name for field in CONTEXT if field.filter == "values" and not field.choices),
)
# The names of the address that have a control, in the order of the callback.
CONTROLS = tuple(name for name in NAMES if name != "zone")
# The names that the controls behind "More filters" stand for; what is due is marked in the worklist, too.
MORE = tuple(name for name in NAMES if name not in ("q", "outcome", "review", "due", "zone", "sort", "view"))


def history_filters(
    chosen: Mapping[str, Any],
    values: Mapping[str, Sequence[str]],
    diagnoses: Sequence[tuple[str, str]],
    view: Component,
) -> html.Div:
    """All filters, set as the address says.

    Args:
        chosen: name in the address -> text, or list of texts for a filter that takes several.
        values: name of a filter -> the values that predictions have.
        diagnoses: (code, name) of what they can have.
        view: what stands at the end of the first row.
    """
    used = sum(bool(chosen.get(name)) for name in MORE)
    return html.Div(
        [
            main_filters(chosen, view),
            html.Details(
                [
                    html.Summary(more_filters_label(used), id="history-more"),
                    html.Div(
                        [
                            choice_filter("diagnosis", "Most likely diagnosis", diagnoses, chosen),
                            choice_filter("confirmed", "Confirmed diagnosis", diagnoses, chosen),
                            choice_filter("model", "Model", value_options(values["model"]), chosen),
                            choice_filter("tag", "Tag", value_options(values["tag"]), chosen),
                            *(context_filter(field, values, chosen) for field in CONTEXT if field.filter),
                            choice_filter("due", "Due by today", WAITED_FOR, chosen),
                            choice_filter("outcome_before", "Changed by an update", BEFORE, chosen),
                            range_filter("Day", "from", "to", "date", chosen),
                            range_filter("Probability in %", "pmin", "pmax", "text", chosen),
                        ],
                        className="history-grid-of-filters",
                    ),
                ],
                open=bool(used),
                className="history-details",
            ),
        ],
        id="history-filters",
        role="search",
        **attributes(
            aria_label="Filter the history",
            data_controls=" ".join(CONTROLS),
            data_several=" ".join(SEVERAL),
            data_more=" ".join(MORE),
        ),
    )


def main_filters(chosen: Mapping[str, Any], view: Component) -> html.Div:
    """The first row: what is filtered by most, the order, and what stands at its end."""
    return html.Div(
        [
            unlabelled_filter(
                "Search",
                "q",
                text_filter("q", "Search names, references, notes, tags", chosen, "search"),
            ),
            outcome_filter(chosen.get("outcome") or []),
            html.Div(
                several_choices("review", "Review", REVIEWS, chosen, "Any review"),
                className="history-part history-part-review",
            ),
            unlabelled_filter(
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
    )


def context_filter(
    field: ContextField, values: Mapping[str, Sequence[str]], chosen: Mapping[str, Any]
) -> Component:
    """What predictions are filtered with by a field of the context."""
    if field.filter == "text":
        return labelled_filter(field.label, field.name, text_filter(field.name, "Any", chosen))
    options = [(one, one.capitalize()) for one in field.choices] or value_options(values[field.name])
    return choice_filter(field.name, field.label, options, chosen)


def more_filters_label(used: int) -> str:
    """What opens the other filters, and how many of them are set."""
    return f"More filters · {used} set" if used else "More filters"


def value_options(values: Sequence[str]) -> list[tuple[str, str]]:
    """Values that are their own labels."""
    return [(value, value) for value in values]


def text_filter(name: str, placeholder: str, chosen: Mapping[str, Any], kind: str = "text") -> dcc.Input:
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


def several_choices(
    name: str, label: str, options: Sequence[tuple[str, str]], chosen: Mapping[str, Any], usual: str = "Any"
) -> html.Details:
    """Any number of values, in a list that opens. history.js tells in its head what is chosen."""
    values = list(chosen.get(name) or [])
    known = {value for value, _ in options}
    # A link may ask for what nobody has any more; it must stay in sight, or nobody could take it back.
    every = [*options, *((value, value) for value in values if value not in known)]
    words = dict(every)
    summary = usual if not values else words[values[0]] if len(values) == 1 else f"{len(values)} chosen"
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(f"{label}: ", className="visually-hidden"),
                    html.Span(
                        summary,
                        id=f"history-{name}-told",
                        **attributes(data_usual=usual, data_words=json.dumps(words)),
                    ),
                ],
                className="form-select",
            ),
            html.Div(
                dbc.Checklist(
                    id=f"history-{name}",
                    options=[{"label": word, "value": value} for value, word in every],
                    value=values,
                )
                if every
                else [
                    html.P("There are none yet.", className="note"),
                    dbc.Checklist(id=f"history-{name}", options=[], value=[]),
                ],
                className="several-list",
                role="group",
                **attributes(aria_label=label),
            ),
        ],
        className="several",
    )


def outcome_filter(chosen: Sequence[str]) -> html.Div:
    """The outcomes by shape and word, what needs somebody first; none chosen means all."""
    options = [
        {
            "label": html.Span(
                [
                    html.Span(one.shape, className="verdict-shape", **attributes(aria_hidden="true")),
                    " " + one.short,
                ]
            ),
            "value": str(name),
        }
        for name in reversed(RANKED_OUTCOMES)
        for one in (OUTCOMES[name],)
    ]
    return html.Div(
        dbc.Checklist(id="history-outcome", options=options, value=list(chosen), inline=True),
        className="history-segments history-outcomes",
        role="group",
        **attributes(aria_label="Outcome"),
    )


def unlabelled_filter(label: str, name: str, control: Component) -> html.Div:
    """A control that speaks for itself, with its name for those who don't see it."""
    word = html.Label(label, htmlFor=f"history-{name}", className="visually-hidden")
    return html.Div([word, control], className=f"history-part history-part-{name}")


def labelled_filter(label: str, name: str, control: Component) -> html.Div:
    """A control below its name."""
    word = html.Label(label, htmlFor=f"history-{name}", className="label")
    return html.Div([word, control], className="history-field")


def choice_filter(
    name: str, label: str, options: Sequence[tuple[str, str]], chosen: Mapping[str, Any]
) -> html.Div:
    """Any number of values, below their name."""
    word = html.Span(label, className="label", **attributes(aria_hidden="true"))
    return html.Div([word, several_choices(name, label, options, chosen)], className="history-field")


def range_filter(label: str, low: str, high: str, kind: str, chosen: Mapping[str, Any]) -> html.Fieldset:
    """A lowest and a highest value."""
    return html.Fieldset(
        [
            html.Legend(label, className="label"),
            html.Div(
                [
                    unlabelled_filter("From", low, text_filter(low, "from", chosen, kind)),
                    html.Span("to", className="note"),
                    unlabelled_filter("To", high, text_filter(high, "to", chosen, kind)),
                ],
                className="history-between",
            ),
        ],
        className="history-field",
    )
