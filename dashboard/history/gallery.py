"""The history as pictures, a photograph a prediction; and as a short list, until the grid has come."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.pictures import prediction_url
from dashboard.shell.review_form import local_time
from dashboard.shell.text import signs_in_short
from dashboard.shell.verdict import verdict_and_chance
from dashboard.store.judgements import HIDDEN

if TYPE_CHECKING:
    from dashboard.store import Record

PAGE = 60
# More than a telephone shows at once.
FIRST = 6


def gallery() -> html.Div:
    """The place for the pictures, and the way to more of them."""
    return html.Div(
        [
            html.Ul([], id="history-pictures", className="gallery"),
            html.Button(
                "Show more",
                id="history-further",
                type="button",
                className="btn btn-outline-secondary",
                hidden=True,
            ),
        ],
        className="history-gallery",
    )


def gallery_items(records: Sequence["Record"], search: str) -> list[Component]:
    """A picture a record; `search` goes along to the case, so that one finds the way back."""
    return [gallery_item(record, search) for record in records]


def gallery_item(record: "Record", search: str) -> html.Li:
    """One prediction."""
    state = review_mark(record.review) if record.outcome != HIDDEN else None
    return html.Li(
        [
            dcc.Link(
                [
                    html.Img(src=prediction_url(record.id, "thumbnail"), alt="", className="gallery-image"),
                    html.Span(
                        verdict_and_chance(record),
                        className="gallery-line",
                    ),
                    html.Span(signs_in_short(record.context), className="history-signs"),
                    html.Span(
                        record.context.lesion or record.filename,
                        className="gallery-name note",
                        title=record.filename,
                    ),
                    state,
                ],
                href=local_address(f"/history/{record.id}{search}"),
                className="gallery-link",
                title=f"Open {record.filename}",
            ),
            # history.js listens to it: choosing needs no answer from the server.
            html.Button(
                html.Span(**attributes(aria_hidden="true")),
                type="button",
                className="gallery-select",
                **attributes(
                    data_id=record.id,
                    data_revision=str(record.revision),
                    data_tags="\n".join(record.tags),
                    aria_pressed="false",
                    aria_label=f"Select {record.filename}",
                ),
            ),
        ],
        className="gallery-item",
    )


def first_rows(records: Sequence["Record"], search: str) -> html.Ul:
    """The first predictions as a list: the grid takes seconds over a slow line. history.js takes it away again."""
    return html.Ul(
        [first_row(record, search) for record in records], id="history-first", className="first-rows"
    )


def first_row(record: "Record", search: str) -> html.Li:
    """One prediction of that list."""
    context = record.context
    return html.Li(
        dcc.Link(
            [
                html.Img(src=prediction_url(record.id, "thumbnail"), alt="", width=48, height=48),
                html.Span(
                    [
                        html.Span(verdict_and_chance(record), className="first-verdict"),
                        html.Span(signs_in_short(context), className="history-signs"),
                        html.Span(
                            " · ".join(filter(None, [context.lesion or record.filename, context.site])),
                            className="note",
                        ),
                        html.Span(local_time(record.created), className="note"),
                        review_mark(record.review),
                    ]
                ),
            ],
            href=local_address(f"/history/{record.id}{search}"),
        )
    )


REVIEW_WORDS = {
    "open": "Needs review",
    "reviewed": "Reviewed",
    "confirmed": "Confirmed",
    "undecided": "Confirmed, undecided",
    "overcalled": "Overcalled",
    "missed": "Missed",
}


def review_mark(state: str) -> html.Span:
    """Where the review stands, in a word."""
    return html.Span(REVIEW_WORDS[state], className=f"review-mark review-{state}")
