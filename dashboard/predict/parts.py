"""The parts of the predict page: how photographs get in, and what goes with them."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.judge_switch import judge_switch
from dashboard.store.fields import CONTEXT, ContextField
from dashboard.users.roles import Permission
from dashboard.users.visitors import may
from model.bundle import Bundle, Card
from model.images import NAMES, SUFFIXES, Limits
from model.points import point_cost, point_label


def choices_line() -> html.P:
    """What goes with the photographs that are added next; intake.js fills it, and the button shows the choices."""
    return html.P(
        [
            html.Span(id="choices-told", className="choices-told"),
            html.Span(id="context-told", className="told"),
            html.Button(
                "Change",
                id="intake-change",
                type="button",
                className="action-button",
                **attributes(aria_expanded="false", aria_controls="intake-more"),
            ),
        ],
        className="choices-line",
    )


def slow_line() -> html.P:
    """Says that photographs travel smaller, and lets somebody send them whole; slow.js fills and shows it."""
    return html.P(
        [
            html.Span(id="slow-words", role="status"),
            html.Button(id="slow-switch", type="button", className="action-button"),
        ],
        id="slow",
        className="slow",
        hidden=True,
    )


def model_choices(bundles: Sequence[Bundle], default: str | None) -> html.Div:
    """Which model answers, and at which operating point.

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
            *(operating_point_select(bundle.name, bundle.card, bundle.name != default) for bundle in bundles),
            html.P(id="point-cost", className="note point-cost"),
            html.Button(
                "Crop or turn first",
                id="crop-first",
                type="button",
                className="btn btn-sm btn-outline-secondary",
                title="Each photograph waits for you before it is sent",
                **attributes(aria_pressed="false"),
            ),
            judge_switch() if may(Permission.REVIEW) else None,
            dcc.Link("How good is the model?", href=local_address("/performance"), className="action"),
        ],
        className="choices",
    )


def operating_point_select(model: str, card: Card, hidden: bool) -> html.Label:
    """The operating points of one model."""
    options = [
        html.Option(
            point_label(point, card),
            value=point.name,
            selected=point.name == card.operating_point or None,
            **attributes(data_cost=cost.sentence if (cost := point_cost(card, point.name)) else ""),
        )
        for point in card.operating_points
    ]
    select = html.Select(
        options, className="form-select form-select-sm point", **attributes(data_model=model)
    )
    return html.Label([html.Span("Operating point"), select], className="choice", hidden=hidden)


def new_context_form() -> html.Details:
    """The fields of the context, each optional; kept with the predictions that follow."""
    fields = [
        *(
            labelled_control(field.title, new_context_control(field), "wide" if field.lines else "")
            for field in CONTEXT
            # The files say when they were taken.
            if not field.moment
        ),
        *(
            html.Datalist(
                [html.Option(value=text) for text in field.suggestions], id=f"{field.name}-suggestions"
            )
            for field in CONTEXT
            if field.suggestions
        ),
        html.P(
            [
                "Stored with the prediction, never used by the model. ",
                "Use the same reference for the same lesion, to see it over time. ",
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
                    html.Span("(optional)", className="note"),
                ]
            ),
            html.Form(fields, id="context", className="context-form", autoComplete="off"),
        ],
        className="context",
    )


def new_context_control(field: ContextField) -> Component:
    """A field that nothing remembers: the next person must not inherit it."""
    if field.choices:
        options = [
            html.Option("not stated", value=""),
            *(html.Option(one, value=one) for one in field.choices),
        ]
        return html.Select(options, name=field.name, className="form-select form-select-sm")
    more: dict[str, Any] = {"maxLength": field.longest}
    if field.type is int:
        more = {"maxLength": len(str(field.highest)), "inputMode": "numeric"}
    if field.suggestions:
        more["list"] = f"{field.name}-suggestions"
    return dcc.Input(
        id=f"context-{field.name}",
        name=field.name,
        type="text",
        autoComplete="off",
        className="form-control form-control-sm",
        **more,
    )


def labelled_control(word: str, control: Any, extra: str = "") -> html.Label:
    """A control with its label."""
    return html.Label([html.Span(word), control], className=f"choice {extra}".strip())


# What the file chooser offers first; the server looks at the bytes, never at the name.
ACCEPT = ",".join(["image/*", *sorted(SUFFIXES)])


def drop_zone(limits: Limits) -> html.Div:
    """A zone to drop files on, which is also the label of a file chooser that intake.js puts beside it."""
    most = f"{limits.max_bytes / 1e6:.0f} MB and {limits.max_pixels / 1e6:.0f} megapixels"
    return html.Div(
        [
            html.Div(id="chooser-place"),
            html.Div(id="camera-place"),
            html.Label(
                [
                    html.Span(className="icon icon-photographs", **attributes(aria_hidden="true")),
                    html.Span(
                        [
                            html.Span("Choose photographs", className="btn btn-primary"),
                            html.Span(
                                ["or drop them here, or paste with ", html.Kbd("Ctrl"), "+", html.Kbd("V")],
                                className="drop-ways",
                            ),
                        ],
                        className="drop-words",
                    ),
                    html.Span(
                        f"{NAMES}. Up to 100 at a time, each up to {most}.",
                        id="drop-note",
                        className="note",
                    ),
                ],
                htmlFor="file-chooser",
            ),
            html.Button(
                [html.Span(className="icon icon-camera", **attributes(aria_hidden="true")), "Use the camera"],
                id="camera",
                type="button",
                className="btn btn-outline-secondary camera",
                hidden=True,
            ),
        ],
        id="drop-zone",
        className="drop-zone",
        **attributes(data_limit=limits.max_bytes, data_accept=ACCEPT),
    )


def camera_dialog() -> html.Dialog:
    """What a computer's camera sees, and a button to take it; a phone opens its own camera instead."""
    return html.Dialog(
        [
            html.H2("Take a photograph", id="camera-title"),
            html.P("One lesion in the middle, in focus and evenly lit.", className="note"),
            html.Video(
                muted=True, playsInline=True, className="camera-view", **attributes(aria_label="Camera")
            ),
            html.P(id="camera-error", role="alert"),
            html.Div(
                [
                    html.Button(
                        "Take photograph",
                        id="camera-shoot",
                        type="button",
                        className="btn btn-primary",
                        disabled=True,
                    ),
                    html.Button(
                        "Cancel", id="camera-close", type="button", className="btn btn-outline-secondary"
                    ),
                ],
                className="actions",
            ),
        ],
        id="camera-dialog",
        className="dialog",
        **attributes(aria_labelledby="camera-title"),
    )


def no_model(problems: Sequence[str]) -> html.Div:
    """What to do when nothing can answer."""
    damaged = (
        [html.Ul([html.Li(sentence) for sentence in problems], className="warnings")] if problems else []
    )
    return html.Div(
        [
            html.H2("No model is installed yet"),
            html.P(
                "Photographs can be checked as soon as a trained model lies in the bundles folder. The shipped model "
                "comes with the repository; to make one, run these commands and start the dashboard again:"
            ),
            html.Pre(
                "python -m training prepare --metadata HAM10000_metadata.csv --images FOLDER\n"
                "python -m training train dermanet\n"
                "python -m training evaluate dermanet\n"
                "python -m training export dermanet"
            ),
            *damaged,
        ],
        className="card-box no-model",
        role="status",
    )
