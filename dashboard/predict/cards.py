"""`/cards/<id>`: a stored prediction as the predict page shows it, once as a card and once as a row of its table."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from flask import Blueprint, Response, abort, jsonify

from dashboard import examples
from dashboard.predict.batch import batch_row
from dashboard.services import Services
from dashboard.shell.result_card import result_card
from dashboard.store import NotFound

blueprint = Blueprint("cards", __name__, url_prefix="/cards")


@blueprint.get("/<string:record_id>")
def read_result_card(record_id: str) -> Response:
    """`{"card": HTML, "row": {...}}`; 404 when the prediction was deleted meanwhile."""
    try:
        services = Services.current()
        record = services.store.get(record_id)
    except NotFound:
        abort(404)
    taxonomy = services.known.of(record.model_sha256)
    drawn, heatmap = examples.is_drawn(record.sha256), services.shows_heatmap(record)
    shown = result_card(record, taxonomy, drawn=drawn, heatmap=heatmap)
    answer = jsonify(card=markup(shown), row=batch_row(record, taxonomy))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


VOID = frozenset({"img", "input", "br", "hr"})
NAMES = {"className": "class", "htmlFor": "for"}


def markup(node: Any) -> str:
    """A tree of `dash.html` components, links and inputs as HTML; every text and attribute is escaped.

    Raises:
        TypeError: a component that only a browser can draw.
    """
    if node is None:
        return ""
    if isinstance(node, list | tuple):
        return "".join(markup(one) for one in node)
    if not isinstance(node, Component):
        return escape(str(node))
    tag, values = element(node)
    inside = "" if tag in VOID else f"{markup(getattr(node, 'children', None))}</{tag}>"
    return f"<{tag}{''.join(attribute(name, value) for name, value in values.items())}>{inside}"


def element(node: Component) -> tuple[str, dict[str, Any]]:
    """The tag of a component and its attributes, by Dash's names."""
    props = node.to_plotly_json()["props"]  # type: ignore[no-untyped-call]
    values = {name: value for name, value in props.items() if name != "children"}
    if isinstance(node, dcc.Link):
        # upload.js follows it as Dash would, without loading the page anew.
        return "a", values | {"data-link": "page"}
    if isinstance(node, dcc.Input):
        return "input", values
    if type(node).__module__.startswith(html.__name__):
        # Off the screen, a picture of a long list need not be loaded.
        lazy = {"loading": "lazy"} if isinstance(node, html.Img) else {}
        return type(node).__name__.lower(), values | lazy
    raise TypeError(f"{type(node).__name__} is no HTML element")


def attribute(name: str, value: Any) -> str:
    """One attribute with a space before it; nothing for one that is not set."""
    if value is None or value is False:
        return ""
    name = NAMES.get(name, name.lower())
    if value is True:
        return f" {name}"
    return f' {name}="{escape(style(value) if name == "style" else str(value))}"'


def style(rules: Mapping[str, Any]) -> str:
    """A style as CSS."""
    return "; ".join(f"{hyphenated(name)}: {value}" for name, value in rules.items())


def hyphenated(name: str) -> str:
    """`backgroundColor` is `background-color`; a custom property stays what it is."""
    return name if name.startswith("--") else re.sub(r"[A-Z]", lambda found: "-" + found[0].lower(), name)
