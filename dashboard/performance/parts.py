"""The tables of the performance page: diagnoses against the model's choice, models compared, subgroups."""

from collections.abc import Sequence

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.performance.panels import figures_table, room_for_later
from dashboard.shell.attributes import attributes
from model.evaluation.figures.forest import subgroup_code
from model.evaluation.subgroups import Subgroup
from model.evaluation.words import area_text, diagnosis_shape, share_text, tenths
from model.taxonomy import Diagnosis, Taxonomy

# Pixels of the table's head and of a row.
HEAD, ROW = 50, 46


def diagnoses_room(taxonomy: Taxonomy) -> Component:
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
            html.Div(
                room_for_later("diagnoses", HEAD + ROW * len(taxonomy)),
                className="wide by-counts",
                id="performance-matrix",
            ),
        ]
    )


def diagnoses_table(matrix: NDArray[np.int64], taxonomy: Taxonomy) -> Component:
    """Counts, or shares of the row, by true (row) and chosen (column) diagnosis.

    Args:
        matrix: (k, k) in the order of the taxonomy.
    """
    shown = [taxonomy[code] for code in taxonomy.shown]
    order = [taxonomy.index(one.code) for one in shown]
    counts = matrix[np.ix_(order, order)]
    head = [
        html.Th(
            [
                html.Span(diagnosis_shape(one), className=tone_class(one)),
                html.Abbr(one.code.upper(), title=one.name),
            ],
            scope="col",
            className=edge_class(shown, column),
        )
        for column, one in enumerate(shown)
    ]
    rows = [
        html.Tr(
            [diagnosis_row_head(one, int(counts[row].sum())), *diagnosis_row_cells(counts, shown, row)],
            className="below-edge" if edge_class(shown, row) else "",
        )
        for row, one in enumerate(shown)
    ]
    return html.Table(
        [html.Thead(html.Tr([html.Th(), *head])), html.Tbody(rows)],
        className="matrix",
        **attributes(aria_label="Cases by true diagnosis in rows and the model's choice in columns"),
    )


def diagnosis_row_head(diagnosis: Diagnosis, n: int) -> Component:
    """A true diagnosis and its cases."""
    return html.Th(
        [
            html.Span(diagnosis_shape(diagnosis), className=tone_class(diagnosis)),
            f" {diagnosis.short}",
            html.Small(f"n = {n:,}"),
        ],
        scope="row",
    )


def diagnosis_row_cells(counts: NDArray[np.int64], shown: Sequence[Diagnosis], row: int) -> list[Component]:
    """One row's cells, coloured by their share of it."""
    total = int(counts[row].sum())
    return [
        diagnosis_cell(shown[row], one, int(counts[row, column]), total, edge_class(shown, column))
        for column, one in enumerate(shown)
    ]


def diagnosis_cell(true: Diagnosis, chosen: Diagnosis, count: int, total: int, line: str) -> html.Td:
    """One cell; a cancer that was taken for something harmless has the colour of errors."""
    share = count / total if total else 0.0
    missed = true.malignant and not chosen.malignant
    kind = "right" if true == chosen else "missed" if missed else "wrong"
    words = f"{true.short}, recognised" if true == chosen else f"{true.short} taken for {chosen.short}"
    return html.Td(
        html.Button(
            type="button",
            disabled=not count,
            className=f"square square-{kind}",
            title=(label := f"{words}: {count:,} of {total:,} ({tenths(share)} %)"),
            # The style sheet shows one of the two: a page with fewer components is a faster one.
            **attributes(
                aria_label=label,
                data_counts=f"{count:,}",
                data_shares=tenths(share) if total else "–",
                data_show=f"cell:{true.code}:{chosen.code}",
            ),
        ),
        className=line,
        style={"--share": share},
    )


def edge_class(shown: Sequence[Diagnosis], place: int) -> str:
    """The line between the malignant and the first benign one."""
    return "after-edge" if place == sum(one.malignant for one in shown) else ""


def tone_class(diagnosis: Diagnosis) -> str:
    """The verdict's colour of a diagnosis."""
    return "tone-malignant" if diagnosis.malignant else "tone-benign"


def subgroups_table(groups: Sequence[Subgroup]) -> Component:
    """A row a subgroup; what does not exist says why."""
    head = ("Group", "Cases", "Malignant", "AUC", "Sensitivity", "Specificity")
    rows = [
        (
            subgroup_button(one),
            f"{one.n:,}",
            f"{one.malignant:,}",
            area_text(one.auc),
            share_text(one.sensitivity),
            share_text(one.specificity),
        )
        for one in groups
    ]
    return figures_table(head, rows, "subgroups", [place for place, one in enumerate(groups) if one.small])


def subgroup_button(one: Subgroup) -> Component:
    """A group as a button."""
    return html.Button(
        f"{one.title}{' ○ few cases' if one.small else ''}",
        type="button",
        className="as-link",
        title="List these cases",
        **attributes(data_show=f"part:{subgroup_code(one)}"),
    )
