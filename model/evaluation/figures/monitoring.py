"""What happens with a model in use: photographs over time, scores against validation, a lesion over its visits."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from model.evaluation.drift import finite_sorted
from model.evaluation.figures.template import PERCENT, blank, message, palette
from model.evaluation.verdict import VERDICTS
from model.outcome import Outcome

HEIGHT, TREND_HEIGHT = 280, 220
BARS = 20


def daily_figure(counts: Mapping[str, Mapping[date, int]], theme: str | None) -> go.Figure:
    """Photographs a day, stacked by outcome.

    Args:
        counts: outcome -> day (UTC) -> photographs; days without any may be left out.
    """
    if not any(sum(days.values()) for days in counts.values()):
        return message("No photographs in this time.", theme, HEIGHT)
    figure, colours = blank(theme, HEIGHT), palette(theme)
    looks = {
        name: (f"{verdict.shape} {verdict.short}", getattr(colours, name))
        for name, verdict in VERDICTS.items()
    } | {Outcome.NO_RESULT: ("No result", colours.muted)}
    for name, (words, colour) in looks.items():
        days = dict(sorted(counts.get(name, {}).items()))
        if name == Outcome.NO_RESULT and not days:
            continue
        figure.add_bar(
            x=list(days),
            y=list(days.values()),
            name=words,
            # Most of a day in milliseconds, also where there is no second day to measure it by.
            width=0.8 * 86_400_000,
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{x|%d %b %Y}: %{y:,}<extra>" + words + "</extra>",
        )
    shown = sorted({day for days in counts.values() for day in days})
    figure.update_layout(barmode="stack", hovermode="x unified", **legend_above())
    figure.update_yaxes(title="Photographs a day", rangemode="tozero", tickformat=",d")
    figure.update_xaxes(type="date", showgrid=False)
    if len(shown) == 1:
        # One bar would fill the whole width, with hours below it.
        middle = np.datetime64(shown[0])
        figure.update_xaxes(range=[str(middle - 8), str(middle + 8)], tickvals=shown, tickformat="%d %b %Y")
    return figure


def score_shift_figure(
    expected: ArrayLike, actual: ArrayLike, threshold: float | None, theme: str | None
) -> go.Figure:
    """Scores here as bars, the validation scores as a line; the share of each twentieth of the scale.

    Args:
        expected, actual: calibrated probabilities of malignancy, (n,) and (m,); either may be empty.
        threshold: the operating point, 0 to 1.
    """
    before, now = finite_sorted(expected), finite_sorted(actual)
    if not now.size:
        return message("No photographs in this time.", theme, HEIGHT)
    figure, colours = blank(theme, HEIGHT), palette(theme)
    edges = np.linspace(0, 1, BARS + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    shares = [np.histogram(one, edges)[0] / max(one.size, 1) for one in (before, now)]
    span = [f"{low:.0%} to {high:.0%}" for low, high in itertools.pairwise(edges)]
    figure.add_bar(
        x=middles,
        y=shares[1],
        customdata=span,
        name=f"Here, n = {now.size:,}",
        marker={"color": colours.action, "opacity": 0.45, "line": {"width": 0}},
        hovertemplate="%{customdata}: %{y:.1%}<extra>here</extra>",
    )
    if before.size:
        figure.add_scatter(
            x=np.repeat(edges, 2)[1:-1],
            y=np.repeat(shares[0], 2),
            mode="lines",
            name=f"Validation, n = {before.size:,}",
            line={"color": colours.ink, "width": 1.5},
            hoverinfo="skip",
        )
    if threshold is not None:
        figure.add_vline(x=threshold, line={"color": colours.muted, "width": 1, "dash": "dash"})
    figure.update_layout(bargap=0.06, **legend_above())
    figure.update_xaxes(title="Calibrated probability of malignancy", **PERCENT, showgrid=False)
    figure.update_yaxes(title="Share of lesions", tickformat=".0%", rangemode="tozero")
    return figure


def lesion_trend_figure(
    when: Sequence[datetime],
    probability: Sequence[float],
    outcome: Sequence[str],
    names: Sequence[str],
    here: int,
    theme: str | None,
    caution: Sequence[bool] = (),
) -> go.Figure:
    """The probability of one lesion over its visits.

    Args:
        when, probability, outcome, names: one entry a prediction that has a result, oldest first; names say which
            model answered.
        here: index of the prediction that is looked at; -1 where it has no result.
        caution: which of them have cautions, and hollow marks; none where left out.
    """
    if not when:
        return message("None of these photographs has a result.", theme, TREND_HEIGHT)
    figure, colours = blank(theme, TREND_HEIGHT), palette(theme)
    several = len(set(names)) > 1
    for name, dash in zip(dict.fromkeys(names), itertools.cycle(("solid", "dot", "dash", "dashdot"))):
        # Numbers of different models cannot be joined by a line.
        mine = [index for index, other in enumerate(names) if other == name]
        figure.add_scatter(
            x=[when[index] for index in mine],
            y=[probability[index] for index in mine],
            mode="lines",
            name=name,
            line={"color": colours.muted, "width": 1, "dash": dash},
            hoverinfo="skip",
            showlegend=several,
        )
    for kind, verdict in VERDICTS.items():
        mine = [index for index, other in enumerate(outcome) if other == kind]
        if not mine:
            continue
        figure.add_scatter(
            x=[when[index] for index in mine],
            y=[probability[index] for index in mine],
            mode="markers",
            name=verdict.short,
            marker={
                "color": getattr(colours, kind),
                "size": [14 if index == here else 9 for index in mine],
                "symbol": marks(kind, [index < len(caution) and caution[index] for index in mine]),
                "line": {"width": [2 if index == here else 0 for index in mine], "color": colours.ink},
            },
            customdata=[names[index] for index in mine],
            hovertemplate="%{x|%d %b %Y}: %{y:.1%}<br>%{customdata}<extra>" + verdict.short + "</extra>",
        )
    figure.update_layout(**legend_above())
    figure.update_yaxes(title="Probability of malignancy", **PERCENT)
    figure.update_xaxes(type="date", showgrid=False, **axis_of_one_day(when))
    return figure


def axis_of_one_day(when: Sequence[datetime]) -> dict[str, Any]:
    """An axis with the one day of all these moments; empty where there are several: alone, it would show fractions."""
    days = {one.date() for one in when}
    if len(days) != 1:
        return {}
    (day,) = days
    around = [day - timedelta(days=1), day + timedelta(days=1)]
    return {"range": around, "tickvals": [day], "tickformat": "%b %-d<br>%Y"}


def marks(kind: str, hollow: Sequence[bool]) -> str | list[str]:
    """The shape of an outcome, hollow for some of its marks."""
    shape = {"benign": "circle", "uncertain": "triangle-up", "malignant": "diamond"}[kind]
    return [f"{shape}-open" if one else shape for one in hollow] if any(hollow) else shape


def legend_above() -> dict[str, object]:
    """A legend in one line above the figure."""
    return {
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
        "margin": {"l": 8, "r": 16, "t": 32, "b": 8},
    }
