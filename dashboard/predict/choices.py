"""What goes with the photographs: model, operating point, size on a slow line, and what is known of the lesion."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.text import percent, point_words
from model.bundle import Bundle, Card, OperatingPoint

# The sites of HAM10000, by which the performance page splits its cases too; any other may be typed.
SITES = (
    "abdomen",
    "acral",
    "back",
    "chest",
    "ear",
    "face",
    "foot",
    "genital",
    "hand",
    "lower extremity",
    "neck",
    "scalp",
    "trunk",
    "upper extremity",
)


def choices(bundles: Sequence[Bundle], default: str | None) -> html.Div:
    """Which model answers, at which operating point, and whether photographs are made smaller first.

    The selects belong to the browser: intake.js remembers them there and sends them with every file.
    """
    options = [
        html.Option(
            f"{bundle.name} {bundle.card.version}", value=bundle.name, selected=bundle.name == default or None
        )
        for bundle in bundles
    ]
    return html.Div(
        [
            html.Label(
                [
                    html.Span("Model"),
                    html.Select(options, id="model", className="form-select form-select-sm"),
                ],
                className="choice",
            ),
            *(operating_points(bundle.name, bundle.card, bundle.name != default) for bundle in bundles),
            html.Label(
                [
                    # Dash has no checkbox that a script may set: intake.js puts one in here.
                    html.Span(id="scale-down-place"),
                    "Scale down first, for a slow line",
                ],
                className="choice check",
                title="Photographs are made smaller in the browser before they are sent.",
            ),
            dcc.Link("How good is the model?", href=local_address("/performance"), className="action"),
        ],
        className="choices",
    )


def operating_points(model: str, card: Card, hidden: bool) -> html.Label:
    """The operating points of one model."""
    options = [
        html.Option(label(point, card), value=point.name, selected=point.name == card.operating_point or None)
        for point in card.operating_points
    ]
    select = html.Select(
        options, className="form-select form-select-sm point", **attributes(data_model=model)
    )
    return html.Label([html.Span("Operating point"), select], className="choice", hidden=hidden)


def label(point: OperatingPoint, card: Card) -> str:
    """An operating point in the list: what it aims at, what that means beside the others, and whether it is usual."""
    words = [point_words(point.name) or f"threshold {percent(point.threshold)}"]
    if len(card.operating_points) > 1 and point == card.operating_points[-1]:
        words.append("misses fewest")
    if len(card.operating_points) > 1 and point == card.operating_points[0]:
        words.append("fewest false alarms")
    if point.name == card.operating_point:
        words.append("usual")
    return ", ".join(words)


def context_form(sexes: Sequence[str], longest: Mapping[str, int]) -> html.Details:
    """Age, sex, body site, lesion reference and note, each optional; kept with the predictions that follow.

    Args:
        sexes: what may be chosen.
        longest: how many characters `site`, `lesion` and `note` may have.
    """
    sex = html.Select(
        [html.Option("not stated", value=""), *(html.Option(one, value=one) for one in sexes)],
        name="sex",
        className="form-select form-select-sm",
    )
    fields = [
        labelled("Age in years", entry("age", inputMode="numeric", maxLength=3)),
        labelled("Sex", sex),
        labelled("Body site", entry("site", list="sites", maxLength=longest["site"])),
        labelled("Lesion reference", entry("lesion", maxLength=longest["lesion"])),
        labelled("Note", entry("note", maxLength=longest["note"]), "wide"),
        html.Datalist([html.Option(value=site) for site in SITES], id="sites"),
        html.P(
            [
                "Kept with the prediction, never used by the model. ",
                "One reference for the same lesion shows it over time. ",
                html.Button(
                    "Empty these fields", id="context-clear", type="button", className="action-button"
                ),
            ],
            className="note wide",
        ),
    ]
    return html.Details(
        [
            html.Summary(
                [
                    "Person and lesion ",
                    html.Span("(optional) ", className="note"),
                    html.Span(id="context-told", className="told"),
                ]
            ),
            html.Form(fields, id="context", className="context-form", autoComplete="off"),
        ],
        className="context",
    )


def entry(name: str, **properties: Any) -> dcc.Input:
    """A text field that nothing remembers: the next person must not inherit it."""
    return dcc.Input(
        id=f"context-{name}",
        name=name,
        autoComplete="off",
        className="form-control form-control-sm",
        **({"type": "text"} | properties),
    )


def labelled(word: str, control: Any, extra: str = "") -> html.Label:
    """A control with its label."""
    return html.Label([html.Span(word), control], className=f"choice {extra}".strip())
