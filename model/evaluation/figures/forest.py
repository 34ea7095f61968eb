"""Subgroups side by side: one row each, a panel a metric."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from model.evaluation.cohort import slug
from model.evaluation.figures.figure import INTERVAL_COLUMNS, CsvTable, Figure, FigureData, interval_cells
from model.evaluation.figures.template import Palette, blank, error_bars, message, palette
from model.evaluation.intervals import Interval
from model.evaluation.metrics import Confusion
from model.evaluation.rows import Kind, parts_of
from model.evaluation.subgroups import FEW, FEW_MALIGNANT, Subgroup
from model.evaluation.words import part_words

ROW, FRAME = 26, 96
PANELS: tuple[tuple[str, str], ...] = (
    ("auc", "AUC"),
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
)


def forest_height(groups: int) -> int:
    """Pixels that the figure needs."""
    return FRAME + ROW * max(4, groups)


def forest_figure(groups: Sequence[Subgroup], area: Interval, at: Confusion, theme: str | None) -> go.Figure:
    """AUC, sensitivity and specificity with 95 % intervals by subgroup; dotted, those of all cases.

    Small groups are grey and hollow; what is not defined has no mark, and the table says why.
    """
    tall = forest_height(len(groups))
    if not groups:
        return message("The scores of this split hold no age, sex, site or way of confirmation.", theme, tall)
    colours = palette(theme)
    figure = make_subplots(1, 3, shared_yaxes=True, horizontal_spacing=0.03, figure=blank(theme, tall))
    whole = {"auc": area, "sensitivity": at.sensitivity, "specificity": at.specificity}
    # All at once: Plotly's own add_vline takes a tenth of a second for each.
    lines: list[dict[str, Any]] = []
    for column, (name, title) in enumerate(PANELS, start=1):
        for small in (False, True):
            rows = [
                place for place, one in enumerate(groups) if one.small == small and getattr(one, name).defined
            ]
            values: list[Interval] = [getattr(groups[place], name) for place in rows]
            colour = colours.muted if small else colours.action
            figure.add_scatter(
                x=[one.value for one in values],
                y=rows,
                error_x=error_bars(values, colour, 1 if small else 1.75),
                customdata=[
                    [
                        subgroup_code(groups[place]),
                        groups[place].n,
                        groups[place].malignant,
                        one.low,
                        one.high,
                    ]
                    for place, one in zip(rows, values, strict=True)
                ],
                meta={"show": [f"part:{subgroup_code(groups[place])}" for place in rows]},
                text=[part_words(groups[place].name) for place in rows],
                mode="markers",
                cliponaxis=False,
                marker={
                    "size": 9,
                    "color": colours.surface if small else colour,
                    "line": {"color": colour, "width": 1.5},
                },
                hovertemplate=(
                    "<b>%{text}</b><br>" + title + " %{x:.3f} (%{customdata[3]:.3f}–%{customdata[4]:.3f})"
                    "<br>%{customdata[1]} cases, %{customdata[2]} malignant<extra></extra>"
                ),
                row=1,
                col=column,
            )
        if whole[name].defined:
            lines.append(reference_line(whole[name].value, column, colours))
        low = 0.5 if name == "auc" else 0
        lowest = min((getattr(one, name).low for one in groups if getattr(one, name).defined), default=low)
        figure.update_xaxes(title=title, range=[min(low, lowest) - 0.02, 1.02], nticks=5, row=1, col=column)
    figure.update_layout(shapes=lines + variable_lines(groups, colours))
    labels = [f"{one.title}  n = {one.n:,}{' ○' if one.small else ''}" for one in groups]
    figure.update_yaxes(range=[len(groups) - 0.5, -0.5], tickvals=list(range(len(groups))), showgrid=False)
    return figure.update_yaxes(ticktext=labels, row=1, col=1)


def subgroup_code(one: Subgroup) -> str:
    """How an address names a group: "confirmation:follow_up"."""
    return f"{slug(one.variable)}:{slug(one.name)}"


def reference_line(x: float, column: int, colours: Palette) -> dict[str, Any]:
    """The dotted line of all cases in a panel."""
    axis = "" if column == 1 else str(column)
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "xref": f"x{axis}",
        "y0": 0,
        "y1": 1,
        "yref": f"y{axis} domain",
        "line": {"color": colours.ink, "width": 1, "dash": "dot"},
    }


def variable_lines(groups: Sequence[Subgroup], colours: Palette) -> list[dict[str, Any]]:
    """A line between one variable's groups and the next."""
    return [
        separator_line(place - 0.5, colours)
        for place in range(1, len(groups))
        if groups[place].variable != groups[place - 1].variable
    ]


def separator_line(y: float, colours: Palette) -> dict[str, Any]:
    """A line across all panels."""
    line = {"color": colours.muted, "width": 0.75}
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": y, "y1": y, "yref": "y", "line": line}


def _draw(data: FigureData) -> go.Figure:
    if not data.has_intervals:
        return message("The subgroups follow.", data.theme, forest_height(0))
    own = data.review.at(data.review.threshold)
    return forest_figure(data.review.subgroups, data.review.area, own, data.theme)


def _height(data: FigureData) -> int:
    """The subgroups are not known yet, but the parts of the split are."""
    parts = parts_of(data.bundle, data.review.split, Kind()) if data.review.split else {}
    return forest_height(sum(len(names) for variable, names in parts.items() if variable != "diagnosis"))


def _table(data: FigureData) -> CsvTable:
    names = ("auc", "sensitivity", "specificity")
    more = (f"{name}_{end}" for name in names for end in INTERVAL_COLUMNS)
    rows = [
        (
            *(one.variable, one.name, one.n, one.malignant, one.small),
            *(value for name in names for value in interval_cells(getattr(one, name))),
        )
        for one in data.review.subgroups
    ]
    return CsvTable(("variable", "group", "cases", "malignant", "few_cases", *more), rows)


SUBGROUPS = Figure(
    name="subgroups",
    title="Subgroups",
    words="AUC, sensitivity and specificity by subgroup; the table has them",
    note=(
        "At the model's own threshold. Dotted: all cases. "
        f"○ grey: fewer than {FEW} cases or {FEW_MALIGNANT} malignant ones, too few to conclude anything."
    ),
    click="A click lists a group's cases.",
    height=_height,
    draw=_draw,
    table=_table,
    needs_intervals=True,
    wide=True,
)
