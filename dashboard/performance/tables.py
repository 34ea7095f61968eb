"""Every table of a view as rows, for taking along as CSV. Numbers are written in full, shares from 0 to 1."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dashboard.performance.cases import outcome_of
from dashboard.performance.drawing import rivals
from dashboard.performance.live import Run
from dashboard.performance.live import history as run_history
from dashboard.performance.numbers import NUMBERS, prevalence
from dashboard.performance.selection import listed
from dashboard.performance.view import View
from model.evaluation.intervals import Interval
from model.evaluation.operating import worth
from model.evaluation.review import Review, history, review, rows
from model.tables import spreadsheet_safe

# Cases that are read from the scores at a time.
BLOCK = 1000
INTERVAL = ("value", "low", "high", "not_defined")


@dataclass(frozen=True)
class Table:
    """Column names, and rows that may come one by one."""

    head: tuple[str, ...]
    rows: Iterable[Iterable[Any]]


def lines(table: Table) -> Iterator[str]:
    """The table as CSV, line by line; no cell is taken for a formula by a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(table.head)
    for row in table.rows:
        writer.writerow([spreadsheet_safe(cell(value)) for value in row])
        if buffer.tell() > 60_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def cell(value: Any) -> Any:
    """What is not there is empty."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


def four(found: Interval) -> tuple[Any, ...]:
    """An interval as four cells."""
    return found.value, found.low, found.high, found.reason.sentence if found.reason else ""


def reviewed(view: View) -> Review:
    """The view's first model on its cases."""
    return review(view.model, view.split, view.where)


def decisions(view: View) -> Table:
    """The four outcomes at the threshold."""
    shown = reviewed(view)
    at, threshold = shown.confusion(view.position), shown.probability(view.position)
    found = [
        ("malignant", "malignant", at.tp),
        ("malignant", "benign", at.fn),
        ("benign", "malignant", at.fp),
        ("benign", "benign", at.tn),
    ]
    return Table(("threshold", "truth", "decision", "cases"), [(threshold, *one) for one in found])


def numbers(view: View) -> Table:
    """Everything that is said at the threshold, each with its interval."""
    shown = reviewed(view)
    at, threshold = shown.confusion(view.position), shown.probability(view.position)
    percent = prevalence(view.prevalence, at)
    found = worth(at, percent / 100)
    named = {"auc": shown.area, "auc_by_lesion": shown.auc_by_lesion}
    named |= {"sensitivity": at.sensitivity, "specificity": at.specificity, "accuracy": at.accuracy}
    named |= {name: getattr(found, name) for name, *_ in NUMBERS}
    return Table(
        ("threshold", "prevalence_for_ppv_and_npv", "number", *INTERVAL),
        [(threshold, percent / 100, name, *four(one)) for name, one in named.items()],
    )


def models(view: View) -> Table:
    """Several models, each against the first."""
    head = ("model", "against", "images_of_both", "auc", "auc_of_the_first", "difference", "low", "high", "p")
    found = [
        (
            one.model,
            view.model.name,
            one.result.n,
            one.result.second.value,
            one.result.first.value,
            -one.result.difference.value,
            -one.result.difference.high,
            -one.result.difference.low,
            one.result.p,
        )
        for one in rivals(view)
    ]
    return Table(head, found)


def subgroups(view: View) -> Table:
    """Every subgroup at the model's own threshold."""
    names = ("auc", "sensitivity", "specificity")
    more = (f"{name}_{end}" for name in names for end in INTERVAL)
    head = ("variable", "group", "cases", "malignant", "few_cases", *more)
    found = [
        (
            *(one.variable, one.name, one.n, one.malignant, one.small),
            *(value for name in names for value in four(getattr(one, name))),
        )
        for one in reviewed(view).subgroups
    ]
    return Table(head, found)


def diagnoses(view: View) -> Table:
    """The matrix of diagnoses: a row a true one, a column a chosen one."""
    matrix, codes = reviewed(view).matrix, view.model.card.taxonomy.codes
    found = [] if matrix is None else [(code, *row) for code, row in zip(codes, matrix.tolist(), strict=True)]
    return Table(("truth", *codes), found)


def calibration(view: View) -> Table:
    """The bins of the reliability diagram."""
    head = ("from", "to", "cases", "mean_probability", "observed", "observed_low", "observed_high")
    found = [
        (one.low, one.high, one.n, one.predicted, one.observed.value, one.observed.low, one.observed.high)
        for one in reviewed(view).calibrated.bins
    ]
    return Table(head, found)


def robustness(view: View) -> Table:
    """The card's robustness table."""
    found = view.model.card.robustness
    head = tuple(dict.fromkeys(name for row in found for name in row))
    return Table(head, [[row.get(name) for name in head] for row in found])


def cases(view: View) -> Table:
    """Every listed case, worst errors first."""
    threshold = reviewed(view).probability(view.position)
    places = listed(view.model, view.split, view.where, view.selection, threshold)
    table = rows(view.model, view.split, view.where)
    columns = [str(name) for name in table.columns]

    def each() -> Iterator[list[Any]]:
        for start in range(0, len(places), BLOCK):
            block = table.iloc[places[start : start + BLOCK]]
            for row in block.to_dict("records"):
                yield [outcome_of(row, threshold), threshold, *(row[name] for name in columns)]

    return Table(("outcome", "threshold", *columns), each())


def training(view: View, runs: Iterable[Run]) -> Table:
    """The epochs of every model and run that is drawn."""
    found = [(one.name, history(one)) for one in view.models]
    found += [(one.name, run_history(one)) for one in runs]
    names = dict.fromkeys(str(name) for _, epochs in found for name in epochs.columns)
    return Table(
        ("run", *names),
        [
            [run, *(row.get(name) for name in names)]
            for run, epochs in found
            for row in epochs.to_dict("records")
        ],
    )


TABLES: dict[str, Callable[[View], Table]] = {
    "decisions": decisions,
    "numbers": numbers,
    "models": models,
    "subgroups": subgroups,
    "diagnoses": diagnoses,
    "calibration": calibration,
    "robustness": robustness,
    "cases": cases,
}
