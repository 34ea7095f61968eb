"""What a figure is: its drawing, and everything that pages, downloads and reports say about it.

A module of this folder holds the drawing and, beside it, its `Figure`; `catalogue.py` lists them all.
"""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from model.bundle import Bundle
from model.evaluation.cohort import Where
from model.evaluation.intervals import Interval
from model.evaluation.metrics import Confusion
from model.evaluation.resampling import Resampled
from model.evaluation.review import SplitEvaluation, Versus, compare_models, evaluate_shared
from model.tables import spreadsheet_safe

if TYPE_CHECKING:
    from model.evaluation.figures.training import Trained

# How a table writes an interval.
INTERVAL_COLUMNS = ("value", "low", "high", "not_defined")


@dataclass(frozen=True)
class FigureData:
    """What figures are drawn from: a model on one split, and how to draw it.

    Attributes:
        position: of the threshold, in per cent.
        theme: "light" or "dark"; light for anything else.
        sure: wait for intervals. Else what can be drawn without them is, unless they are known already.
        others: models to compare with.
        where: the filter that the cases went through.
        runs: training runs to draw beside the models.
        groups: names of groups of cases, and the model on each, to be laid over the whole.
        colouring: what the map is coloured by, one of `map.COLOURINGS`.
        smooth: epochs over which the curves of training are averaged; `log`: their losses are on a logarithmic axis.
    """

    bundle: Bundle
    review: SplitEvaluation
    position: float
    theme: str | None = "light"
    sure: bool = True
    others: tuple[Bundle, ...] = ()
    where: Where = ()
    runs: tuple["Trained", ...] = ()
    groups: tuple[tuple[str, SplitEvaluation], ...] = ()
    colouring: str = "truth"
    smooth: int = 1
    log: bool = False

    @property
    def confusion(self) -> Confusion:
        """The cases by truth and decision at the threshold."""
        return self.review.confusion(self.position)

    @property
    def has_intervals(self) -> bool:
        """Whether intervals are drawn."""
        return self.sure or self.review.ready

    @property
    def resampled(self) -> Resampled:
        """Areas and bands; without their intervals where nobody waits for them."""
        return self.review.resampled if self.has_intervals else self.review.unsure

    @property
    def rivals(self) -> tuple[Versus, ...]:
        """Every other model against this one, on the images that both have scored."""
        return tuple(
            compare_models(self.bundle, other, self.review.split, self.where) for other in self.others
        )

    @property
    def overlaid(self) -> tuple[tuple[str, SplitEvaluation], ...]:
        """What is laid over the model's own line: other models, on the images that both have scored, and groups."""
        models = (
            (other.name, evaluate_shared(self.bundle, other, self.review.split, self.where))
            for other in self.others
        )
        return (*models, *self.groups)


@dataclass(frozen=True)
class CsvTable:
    """Column names, and rows that may come one by one. Numbers in full, shares from 0 to 1."""

    head: tuple[str, ...]
    rows: Iterable[Iterable[Any]]

    def lines(self) -> Iterator[str]:
        """The table as CSV, in blocks of lines; no cell is taken for a formula by a spreadsheet."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(self.head)
        for row in self.rows:
            writer.writerow(["" if is_missing(value) else spreadsheet_safe(value) for value in row])
            if buffer.tell() > 60_000:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue()


def is_missing(value: Any) -> bool:
    """Whether a cell is empty: None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def interval_cells(interval: Interval) -> tuple[Any, ...]:
    """An interval under `INTERVAL_COLUMNS`."""
    return interval.value, interval.low, interval.high, interval.reason.sentence if interval.reason else ""


@dataclass(frozen=True)
class ThresholdMark:
    """Where the threshold stands in a figure; the browser moves it with the slider, by these names.

    It is the figure's first trace. Names: "threshold" and "net_benefit" (per cent), "sensitivity",
    "false_positive_rate", "ppv" (shares).

    Attributes:
        y: "" for a line from the bottom to the top.
        side: of the point, where its words stand.
        left_beyond: from this x on they stand on the left.
    """

    x: str
    y: str = ""
    side: str = "bottom"
    left_beyond: float = math.inf

    def position(self, x: float) -> str:
        """Where the words of a point stand, as Plotly names it."""
        return f"{self.side} {'left' if x > self.left_beyond else 'right'}"


@dataclass(frozen=True)
class Figure:
    """A figure of a model: what it is called, how it is drawn, and what can be done with it.

    A click goes by the `meta` of a trace. `{"show": [code, ...]}`: the cases that each point lists, as
    `dashboard.performance.selection` codes them. `{"threshold": "x"}` or `{"threshold": "customdata"}`: where a point
    has the threshold that it stands for, in per cent.

    Attributes:
        name: in addresses and file names.
        note: how to read it.
        click: what a click does, for a page.
        words: what a screen reader says instead.
        height: in pixels.
        table: the same in numbers.
        needs_intervals: it is drawn with intervals, which take seconds for a million cases.
        exists: whether a model has it.
        mark: what follows the threshold.
        wide: it needs the whole width.
        of_cases: it shows the cases of a split; else the model, whatever the cases.
    """

    name: str
    title: str
    words: str | Callable[[FigureData], str]
    height: int | Callable[[FigureData], int]
    draw: Callable[[FigureData], go.Figure]
    note: str | Callable[[FigureData], str] = ""
    click: str = ""
    table: Callable[[FigureData], CsvTable] | None = None
    needs_intervals: bool = False
    exists: Callable[[FigureData], bool] = lambda _: True
    mark: ThresholdMark | None = None
    wide: bool = False
    of_cases: bool = True

    def note_for(self, data: FigureData) -> str:
        """How to read it."""
        return self.note if isinstance(self.note, str) else self.note(data)

    def words_for(self, data: FigureData) -> str:
        """What a screen reader says instead of it."""
        return self.words if isinstance(self.words, str) else self.words(data)

    def height_for(self, data: FigureData) -> int:
        """Its height in pixels, known before it is drawn."""
        return self.height if isinstance(self.height, int) else self.height(data)
