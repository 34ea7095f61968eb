"""Photographs side by side, and what stands above them: enlarging all, laying one over the other; see compare.js."""

from dash import dcc, html

from dashboard.shell.attributes import attributes
from dashboard.shell.pictures import prediction_url
from dashboard.store import Record

# What a button does, its words, its sign, and the key that does the same.
MOVES = (("in", "Enlarge", "+"), ("out", "Reduce", "-"), ("whole", "Whole photograph", "0"))


def photograph_pane(record: Record, name: str) -> html.Div:
    """A photograph that is enlarged and moved.

    Args:
        name: which of them it is, for those who do not see it.
    """
    return html.Div(
        html.Img(src=prediction_url(record.id, "image"), alt=f"The photograph {record.filename}"),
        className="pane",
        tabIndex=0,
        role="group",
        **attributes(aria_label=f"{name}: enlarge with + and -, move with the arrow keys"),
    )


def zoom_bar(count: int) -> html.Div:
    """What enlarges all photographs, and how else they are moved."""
    others = " The others follow." if count > 1 else ""
    return html.Div(
        [
            *(
                html.Button(
                    [html.Span(key, className="zoom-sign", **attributes(aria_hidden="true")), words],
                    type="button",
                    className="btn btn-outline-secondary btn-sm",
                    title=f"Key {key}, while the focus is in a photograph",
                    **attributes(data_zoom=move),
                )
                for move, words, key in MOVES
            ),
            html.Button(
                "Full screen",
                type="button",
                className="btn btn-outline-secondary btn-sm",
                **attributes(data_zoom="full"),
            ),
            html.Span(
                f"Turn the wheel, pinch, or tap twice to enlarge a photograph; drag it, or use the arrow keys.{others}",
                className="note",
            ),
        ],
        className="zoom-bar",
    )


def swipe_bar() -> html.Div:
    """What lays the second of two photographs over the first, up to a line that is moved."""
    return html.Div(
        [
            html.Button(
                "Lay one over the other",
                type="button",
                className="btn btn-outline-secondary btn-sm",
                **attributes(data_swipe="", aria_pressed="false"),
            ),
            html.Label(
                [
                    html.Span("Left of the line: now. Right of it: then."),
                    dcc.Input(
                        id="swipe-line",
                        type="range",
                        min=0,
                        max=100,
                        step=1,
                        value=50,
                        className="swipe-line",
                    ),
                ],
                className="swipe-range",
            ),
        ],
        className="zoom-bar swipe-bar",
    )
