"""The seven diagnoses against the model's choice: a table of buttons, each of which lists its cases."""

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.components.attributes import attributes
from dashboard.components.review.panels import later
from model.taxonomy import BY_CODE, CODES, SHORT, SHOWN
from model.words import tenths

# Pixels of the table.
HEIGHT = 372
MALIGNANT = sum(BY_CODE[code].malignant for code in SHOWN)


def diagnoses() -> Component:
    """Room for the table, and what its cells say."""
    return html.Div(
        [
            dcc.RadioItems(
                id="performance-by",
                options=[
                    {"value": "counts", "label": "Counts"},
                    {"value": "shares", "label": "Share of the row, %"},
                ],
                value="counts",
                inline=True,
                className="outcomes",
            ),
            html.Div(later("diagnoses", HEIGHT), className="wide by-counts", id="performance-matrix"),
        ]
    )


def table(matrix: NDArray[np.int64]) -> Component:
    """Counts, or shares of the row, by true (row) and chosen (column) diagnosis.

    Args:
        matrix: (7, 7) in the order of `taxonomy.CODES`.
    """
    order = [CODES.index(code) for code in SHOWN]
    counts = matrix[np.ix_(order, order)]
    head = [
        html.Th(
            [html.Span(shape(code), className=tone(code)), html.Abbr(code.upper(), title=BY_CODE[code].name)],
            scope="col",
            className=edge(column),
        )
        for column, code in enumerate(SHOWN)
    ]
    rows = [
        html.Tr(
            [row_head(code, int(counts[row].sum())), *cells(counts, row)],
            className="below-edge" if row == MALIGNANT else "",
        )
        for row, code in enumerate(SHOWN)
    ]
    return html.Table(
        [html.Thead(html.Tr([html.Th(), *head])), html.Tbody(rows)],
        className="matrix",
        **attributes(aria_label="Cases by true diagnosis in rows and the model's choice in columns"),
    )


def row_head(code: str, n: int) -> Component:
    """A true diagnosis and its cases."""
    return html.Th(
        [html.Span(shape(code), className=tone(code)), f" {SHORT[code]}", html.Small(f"n = {n:,}")],
        scope="row",
    )


def cells(counts: NDArray[np.int64], row: int) -> list[Component]:
    """One row's cells, coloured by their share of it."""
    total = int(counts[row].sum())
    return [cell(row, column, int(counts[row, column]), total) for column in range(len(SHOWN))]


def cell(row: int, column: int, count: int, total: int) -> html.Td:
    """One cell; a cancer that was taken for something harmless has the colour of errors."""
    true, chosen = SHOWN[row], SHOWN[column]
    share = count / total if total else 0.0
    kind = "right" if row == column else "missed" if row < MALIGNANT <= column else "wrong"
    words = f"{SHORT[true]} taken for {SHORT[chosen]}" if row != column else f"{SHORT[true]}, recognised"
    return html.Td(
        html.Button(
            id={"type": "performance-show", "code": f"cell:{true}:{chosen}"},
            type="button",
            disabled=not count,
            className=f"square square-{kind}",
            title=(told := f"{words}: {count:,} of {total:,} ({tenths(share)} %)"),
            # The style sheet shows one of the two: a page with fewer components is a faster one.
            **attributes(
                aria_label=told, data_counts=f"{count:,}", data_shares=tenths(share) if total else "–"
            ),
        ),
        className=edge(column),
        style={"--share": share},
    )


def edge(column: int) -> str:
    """The line between malignant and benign columns."""
    return "after-edge" if column == MALIGNANT else ""


def shape(code: str) -> str:
    """The verdict's shape of a diagnosis."""
    return "◆" if BY_CODE[code].malignant else "●"


def tone(code: str) -> str:
    """The verdict's colour of a diagnosis."""
    return "tone-malignant" if BY_CODE[code].malignant else "tone-benign"
