"""Figures of a model in use."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from model.evaluation.figures import monitoring
from model.evaluation.figures.template import DARK, LIGHT, register

register()


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_a_day_is_stacked_by_outcome(theme: str, colours: object) -> None:
    figure = monitoring.daily_figure(
        {
            "benign": {date(2026, 11, 2): 4, date(2026, 11, 1): 2},
            "malignant": {date(2026, 11, 2): 1},
            "no_result": {date(2026, 11, 2): 3},
        },
        theme,
    )
    bars = {bar.name: list(zip(bar.x, bar.y, strict=True)) for bar in figure.data}
    assert bars["● Benign"] == [(date(2026, 11, 1), 2), (date(2026, 11, 2), 4)]
    assert bars["◆ Malignant"] == [(date(2026, 11, 2), 1)]
    assert bars["No result"] == [(date(2026, 11, 2), 3)]
    assert figure.layout.barmode == "stack"
    assert figure.data[0].marker.color == colours.benign  # type: ignore[attr-defined]


def test_nothing_is_said_in_words() -> None:
    for figure in (
        monitoring.daily_figure({}, "light"),
        monitoring.score_shift_figure([0.1], [], 0.3, "light"),
    ):
        assert figure.layout.annotations[0].text == "No photographs in this time."


def test_shares_are_shares() -> None:
    rng = np.random.default_rng(0)
    figure = monitoring.score_shift_figure(
        rng.random(400), np.r_[rng.random(50), 0.0, 1.0, np.nan], 0.3, "light"
    )
    here, validation = figure.data
    assert sum(here.y) == pytest.approx(1) and here.name == "Here, n = 52"
    assert sum(validation.y) == pytest.approx(2) and validation.name == "Validation, n = 400"
    assert figure.layout.shapes[0].x0 == 0.3
    assert len(monitoring.score_shift_figure([], [0.5], None, "dark").data) == 1


def test_models_are_not_joined_in_a_trend() -> None:
    when = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
    figure = monitoring.lesion_trend_figure(
        when, [0.1, 0.5, 0.3], ["benign", "malignant", "benign"], ["a", "b", "a"], 1, None
    )
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [list(line.y) for line in lines] == [[0.1, 0.3], [0.5]]
    (malignant,) = [trace for trace in figure.data if trace.name == "Malignant"]
    assert malignant.marker.symbol == "diamond" and list(malignant.marker.size) == [14]


def test_one_day_is_the_only_one_on_its_axis() -> None:
    when = [datetime(2026, 5, 2, hour, tzinfo=UTC) for hour in (8, 16)]
    axis = monitoring.lesion_trend_figure(when, [0.1, 0.2], ["benign"] * 2, ["a"] * 2, 0, None).layout.xaxis
    assert [str(one) for one in axis.tickvals] == ["2026-05-02"]
    assert [str(one) for one in axis.range] == ["2026-05-01", "2026-05-03"]
    assert monitoring.axis_of_one_day([when[0], datetime(2026, 5, 3, tzinfo=UTC)]) == {}


def test_models_have_lines_of_their_own_and_cautions_hollow_marks() -> None:
    when = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
    figure = monitoring.lesion_trend_figure(
        when, [0.1, 0.2, 0.3], ["benign"] * 3, ["a 1", "a 2", "a 2"], -1, None, [False, True, False]
    )
    lines = {
        trace.name: (trace.line.dash, trace.showlegend) for trace in figure.data if trace.mode == "lines"
    }
    assert lines == {"a 1": ("solid", True), "a 2": ("dot", True)}
    (benign,) = [trace for trace in figure.data if trace.name == "Benign"]
    assert list(benign.marker.symbol) == ["circle", "circle-open", "circle"]
