"""The history as pictures: a photograph a prediction, with its verdict below."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.pictures import prediction_url
from dashboard.shell.text import signs_in_short
from dashboard.shell.verdict import verdict_and_chance

if TYPE_CHECKING:
    from dashboard.store import Record

PAGE = 60


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
    state = review_mark(record.review)
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
