"""Decisions at a threshold: slider, the model's operating points, and the two-by-two table whose cells list cases."""

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes
from model.bundle import Card, OperatingPoint
from model.evaluation.metrics import Confusion
from model.evaluation.words import rate, tenths

CELLS: tuple[tuple[str, str, str, str], ...] = (
    ("tp", "Cancers caught", "true positives", "right"),
    ("fn", "Cancers missed", "false negatives", "wrong"),
    ("fp", "False alarms", "false positives", "wrong"),
    ("tn", "Rightly left alone", "true negatives", "right"),
)


def decisions_body(card: Card, confusion: Confusion, position: float) -> Component:
    """Slider, operating points and table; `position` is the threshold in per cent."""
    return html.Div([slider(position), point_buttons(card, position), binary_confusion(confusion)])


def slider(position: float) -> Component:
    """The threshold in per cent."""
    return html.Div(
        [
            html.Span("Call malignant from a probability of", className="label", id="threshold-label"),
            dcc.Slider(
                id="performance-threshold",
                min=0,
                max=100,
                step=0.1,
                value=position,
                marks={value: f"{value} %" for value in (0, 25, 50, 75, 100)},
                updatemode="drag",
            ),
        ],
        className="threshold",
    )


def point_buttons(card: Card, position: float) -> Component:
    """The model's operating points as buttons that move the slider."""
    chips = [point_button(one, one.name == card.operating_point, position) for one in card.operating_points]
    told = html.Span("Operating points for a sensitivity of", className="note")
    return html.Div(
        [told, *chips], className="points", role="group", **attributes(aria_label="Operating points")
    )


def point_button(point: OperatingPoint, usual: bool, position: float) -> Component:
    """One operating point: the sensitivity it was set for on validation, and where it lies."""
    at = round(100 * point.threshold, 1)
    words = f"{100 * point.sensitivity:g} %"
    hint = f"Set on validation: from {rate(point.threshold)} on a lesion has to be looked at"
    if point.malignant > point.threshold:
        hint += f"; the model says uncertain below {rate(point.malignant)} and malignant from there on"
    return html.Button(
        [
            html.Strong(words),
            html.Span(f"at {tenths(point.threshold)} %" + (", the model's own" if usual else "")),
        ],
        type="button",
        className="chip",
        title=hint + ".",
        **attributes(aria_pressed="true" if at == round(position, 1) else "false", data_at=f"{at:.1f}"),
    )


def binary_confusion(confusion: Confusion) -> Component:
    """Two by two: truth in rows, decision in columns, each cell in words, shaded by its share of the row."""
    cells = {name: outcome_cell(name, words, term, kind, confusion) for name, words, term, kind in CELLS}
    malignant, benign = confusion.tp + confusion.fn, confusion.tn + confusion.fp
    head = [html.Th(), html.Th("Called malignant", scope="col"), html.Th("Called benign", scope="col")]
    rows = [
        [truth_row_head("◆ Malignant", "tone-malignant", malignant), cells["tp"], cells["fn"]],
        [truth_row_head("● Benign", "tone-benign", benign), cells["fp"], cells["tn"]],
    ]
    return html.Table(
        [html.Thead(html.Tr(head)), html.Tbody([html.Tr(row) for row in rows])],
        className="confusion",
        **attributes(aria_label="Cases by diagnosis and decision at the threshold"),
    )


def truth_row_head(words: str, tone: str, n: int) -> html.Th:
    """The truth of a row and its cases."""
    return html.Th(
        [html.Span(words, className=f"verdict-word {tone}"), html.Small(f"n = {n:,}")], scope="row"
    )


def outcome_cell(name: str, words: str, term: str, kind: str, confusion: Confusion) -> html.Td:
    """One outcome; a button that lists its cases."""
    count: int = getattr(confusion, name)
    of = confusion.tp + confusion.fn if name in ("tp", "fn") else confusion.fp + confusion.tn
    share = count / of if of else 0.0
    return html.Td(
        html.Button(
            [
                html.Span(f"{count:,}", className="cell-count", id=f"cell-{name}"),
                html.Span(words, className="cell-words"),
                html.Span(rate(share) if of else "–", className="cell-share", id=f"cell-{name}-share"),
            ],
            type="button",
            className=f"cell cell-{kind}",
            title=f"List these cases ({term})",
            **attributes(data_show=name),
        ),
        id=f"cell-{name}-box",
        style={"--share": share},
    )
