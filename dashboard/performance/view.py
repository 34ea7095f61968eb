"""A view of the performance page and its address, so that whoever gets the link sees the same.

    ?model=NAME&compare=NAME&compare=NAME&split=test&sex=female&age=50-69&threshold=30.5&prevalence=2&show=fn&page=2

Threshold and prevalence are in per cent. What an address leaves out takes its default; what it says wrongly does too,
and is said in a sentence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from dashboard.performance.live import Run
from dashboard.performance.selection import DEFAULT, Selection, parse
from model.bundle import Bundle
from model.evaluation.cohort import COLUMNS, Where, part_title, settled, slug
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.training import Trained
from model.evaluation.review import SplitEvaluation, evaluate_split, parts_of, splits

# What a reader may set as prevalence, in per cent.
LOWEST, HIGHEST = 0.1, 99.9
MOST_MODELS = 6


@dataclass(frozen=True)
class View:
    """What is looked at.

    Attributes:
        others: models to compare with, in the order they were chosen.
        split: "" where the bundle holds no scores.
        where: the filter that `split`'s cases go through.
        parts: what may be filtered by, with the cases of the split in each part.
        threshold: slider position in per cent; None for the model's own.
        prevalence: in per cent; None for that of the cases.
        page: of the list of cases, from 1.
        runs: names of training runs to draw beside the models; None for those that are still going.
    """

    model: Bundle
    others: tuple[Bundle, ...] = ()
    split: str = ""
    splits: tuple[str, ...] = ()
    where: Where = ()
    parts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    threshold: float | None = None
    prevalence: float | None = None
    selection: Selection = DEFAULT
    page: int = 1
    runs: tuple[str, ...] | None = None

    @property
    def models(self) -> tuple[Bundle, ...]:
        """All of them, the one that is judged first."""
        return (self.model, *self.others)

    @property
    def position(self) -> float:
        """The slider's position in per cent."""
        return round(100 * self.model.card.threshold, 1) if self.threshold is None else self.threshold

    @property
    def review(self) -> SplitEvaluation:
        """The first model on the cases."""
        return evaluate_split(self.model, self.split, self.where)

    def figure_data(
        self,
        theme: str | None = None,
        sure: bool = True,
        position: float | None = None,
        runs: Sequence[Trained] = (),
    ) -> FigureData:
        """What figures of this view are drawn from, at its own threshold where `position` gives no other."""
        at = self.position if position is None else position
        return FigureData(self.model, self.review, at, theme, sure, self.others, self.where, tuple(runs))

    @property
    def filtered(self) -> str:
        """The filter in words; "" where there is none."""
        named = {
            (variable, wanted): name
            for variable, found in self.parts.items()
            for wanted, name in slugs(found).items()
        }
        return ", ".join(
            f"{variable} {part_title(variable, named.get((variable, wanted), wanted), self.model.card.taxonomy)}"
            for variable, wanted in self.where
        )


def slugs(found: Mapping[str, int]) -> dict[str, str]:
    """Every part's name by how an address spells it."""
    return {slug(name): name for name in found}


def read_view(query: Mapping[str, Any], models: Sequence[Bundle], usual: str) -> tuple[View, tuple[str, ...]]:
    """A view from an address's parameters, and a sentence for everything in it that could not be used.

    Args:
        query: values as text, or lists of text for parameters that stand there several times.
        models: the intact bundles; at least one.
        usual: the name of the model that is shown when the address names none.
    """
    told: list[str] = []
    model = chosen_model(query, models, usual, told)
    others = opponents(query, models, model, told)
    available = splits(model)
    split = chosen_split(query, model, available, told)
    found = parts_of(model, split) if split else {}
    where = chosen_filter(query, found, told)
    view = View(
        model=model,
        others=others,
        split=split,
        splits=available,
        where=where,
        parts=found,
        threshold=percent_parameter(query, "threshold", 0, 100, "the model's own threshold is shown", told),
        prevalence=percent_parameter(
            query, "prevalence", LOWEST, HIGHEST, "that of the cases is taken", told, keep_within=True
        ),
        selection=chosen_cases(query, model, told),
        page=chosen_page(query, told),
        runs=tuple(every(query, "run")) if "run" in query else None,
    )
    return view, tuple(told)


def from_search(search: str | None, models: Sequence[Bundle], usual: str) -> View:
    """The view of an address's part from "?" on; what is wrong in it has been said before."""
    return read_view(parse_qs((search or "").lstrip("?"), keep_blank_values=True), models, usual)[0]


def search(view: View) -> str:
    """The address's part from "?" on."""
    values: list[tuple[str, str]] = [("model", view.model.name)]
    values += [("compare", one.name) for one in view.others]
    values += [("split", view.split)] if view.split else []
    values += list(view.where)
    values += [
        (name, f"{value:g}")
        for name, value in (("threshold", view.threshold), ("prevalence", view.prevalence))
        if value is not None
    ]
    values += [("show", view.selection.code)] if view.selection != DEFAULT else []
    values += [("page", str(view.page))] if view.page > 1 else []
    values += [("run", name) for name in view.runs or ()]
    return "?" + urlencode(values, safe=":")


def drawn_runs(view: View, runs: Sequence[Run]) -> tuple[str, ...]:
    """The runs to draw beside the models: those that the address names, else those still going."""
    return live_runs(runs) if view.runs is None else view.runs


def live_runs(runs: Sequence[Run]) -> tuple[str, ...]:
    """The runs that are drawn when nobody chooses: those still going."""
    return tuple(run.name for run in runs if run.live)


def every(query: Mapping[str, Any], name: str) -> list[str]:
    """All values of a parameter."""
    value = query.get(name)
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def only(query: Mapping[str, Any], name: str, told: list[str]) -> str | None:
    """The first value of a parameter; that there are more is said."""
    values = every(query, name)
    if len(values) > 1:
        told.append(f"The address names “{name}” {len(values)} times; the first counts.")
    return values[0] if values else None


def quoted(value: str) -> str:
    """What somebody wrote, short enough for a sentence."""
    return f"“{value[:40]}{'…' if len(value) > 40 else ''}”"


def chosen_model(query: Mapping[str, Any], models: Sequence[Bundle], usual: str, told: list[str]) -> Bundle:
    """The bundle of that name, else the one that predicts by default, else the first."""
    name = only(query, "model", told)
    found = next((one for choice in (name, usual) for one in models if one.name == choice), models[0])
    if name is not None and found.name != name:
        told.append(f"There is no model {quoted(name)} here; this is {found.name}.")
    return found


def opponents(
    query: Mapping[str, Any], models: Sequence[Bundle], model: Bundle, told: list[str]
) -> tuple[Bundle, ...]:
    """The other models, each once."""
    by_name = {one.name: one for one in models}
    wanted = dict.fromkeys(name for name in every(query, "compare") if name and name != model.name)
    for name in wanted:
        if name not in by_name:
            told.append(f"There is no model {quoted(name)} to compare with.")
    found = [by_name[name] for name in wanted if name in by_name]
    if len(found) >= MOST_MODELS:
        told.append(f"At most {MOST_MODELS} models are drawn together; the first ones are.")
    return tuple(found[: MOST_MODELS - 1])


def chosen_split(query: Mapping[str, Any], model: Bundle, available: tuple[str, ...], told: list[str]) -> str:
    """The split of that name, else the one to judge by."""
    name = only(query, "split", told)
    if name in available:
        return str(name)
    found = next(iter(available), "")
    if name:
        told.append(
            f"{model.name} was not evaluated on {quoted(name)}; these are its {found} cases."
            if found
            else f"{model.name} holds no scores."
        )
    return found


def chosen_filter(query: Mapping[str, Any], found: Mapping[str, Mapping[str, int]], told: list[str]) -> Where:
    """The parts that are wanted and exist."""
    wanted = [(name, value) for name in COLUMNS if (value := only(query, name, told))]
    good, odd = settled(wanted, found)
    told.extend(f"No case here has the {variable} {quoted(name)}; it is left out." for variable, name in odd)
    return good


def percent_parameter(
    query: Mapping[str, Any],
    name: str,
    low: float,
    high: float,
    instead: str,
    told: list[str],
    keep_within: bool = False,
) -> float | None:
    """A number in per cent, to one decimal; None where there is none or none that can be used."""
    written = only(query, name, told)
    if not written:
        return None
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (not low <= value <= high and not keep_within):
        told.append(
            f"The {name} {quoted(written)} is not a number from {low:g} to {high:g}, in per cent; {instead}."
        )
        return None
    if not low <= value <= high:
        value = min(high, max(low, value))
        told.append(f"The {name} can be set from {low:g} to {high:g} %; it is {value:g} % here.")
    return round(value, 1)


def chosen_cases(query: Mapping[str, Any], model: Bundle, told: list[str]) -> Selection:
    """The cases to list."""
    code = only(query, "show", told)
    found = parse(code, model.card.taxonomy) if code else DEFAULT
    if found is None:
        told.append(f"There is no list of cases {quoted(str(code))}; these are all errors.")
    return found or DEFAULT


def chosen_page(query: Mapping[str, Any], told: list[str]) -> int:
    """A page of the list; one that is too high is brought back by whoever knows how many there are."""
    written = only(query, "page", told)
    if not written:
        return 1
    if written.isascii() and written.isdigit() and len(written) < 10 and int(written) > 0:
        return int(written)
    told.append(f"The page {quoted(written)} is not a number from 1; this is the first.")
    return 1
