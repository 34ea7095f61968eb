"""A view of the performance page and its address, so that whoever gets the link sees the same.

    ?model=NAME&compare=NAME&compare=NAME&split=test&sex=female&age=50-69&threshold=30.5&prevalence=2&show=fn&page=2&colour=source

Threshold and prevalence are in per cent. What an address leaves out takes its default; what it says wrongly does too,
and is said in a sentence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from dashboard.performance.live import Run
from dashboard.performance.selection import ERRORS, Selection, parse_selection
from model.bundle import Bundle
from model.evaluation.cohort import COLUMNS, UNKNOWN, Where, part_title, slug, usable_filter
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.map import COLOURINGS
from model.evaluation.figures.training import Trained
from model.evaluation.review import SplitEvaluation, evaluate_split
from model.evaluation.rows import USUAL, Kind, kind_of, kind_title, kinds_of, parts_of, splits

# What a reader may set as prevalence, in per cent.
LOWEST, HIGHEST = 0.1, 99.9
MOST_MODELS = 5
# What figures can lay groups over each other by, and how many lines can be told apart.
OVERLAYS: dict[str, str] = {
    "source": "Source",
    "modality": "Modality",
    "without": "Sources never seen",
    "skin tone": "Skin tone",
    "sex": "Sex",
    "age": "Age",
}
MOST_GROUPS = 6
USUAL_COLOURING = next(iter(COLOURINGS))


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
        selection: the cases that the drawer lists; None while it is closed.
        page: of the list of cases, from 1.
        overlay: what the figures lay groups of over the whole by, one of OVERLAYS; "" for nothing.
        runs: names of training runs to draw beside the models; None for those that are still going.
        colouring: what the map is coloured by, one of COLOURINGS.
    """

    model: Bundle
    others: tuple[Bundle, ...] = ()
    split: str = ""
    splits: tuple[str, ...] = ()
    where: Where = ()
    parts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    threshold: float | None = None
    prevalence: float | None = None
    selection: Selection | None = None
    page: int = 1
    overlay: str = ""
    runs: tuple[str, ...] | None = None
    colouring: str = USUAL_COLOURING

    @property
    def models(self) -> tuple[Bundle, ...]:
        """All of them, the one that is judged first."""
        return (self.model, *self.others)

    @property
    def position(self) -> float:
        """The slider's position in per cent."""
        return round(100 * self.review.threshold, 1) if self.threshold is None else self.threshold

    @property
    def listed(self) -> Selection:
        """The cases that a list has: all errors where nobody chose."""
        return self.selection or ERRORS

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
        return FigureData(
            self.model,
            self.review,
            at,
            theme,
            sure,
            self.others,
            self.where,
            tuple(runs),
            self.groups,
            self.colouring,
        )

    @property
    def groups(self) -> tuple[tuple[str, SplitEvaluation], ...]:
        """The groups that figures lay over the whole, by name: parts of these cases, or other scores of their split."""
        if self.overlay in USUAL:
            wheres = {
                kind_title(kind): kind.where
                for kind in kinds_of(self.model, self.split)
                if kind != self.kind and (kind.run == self.kind.run or self.overlay == "without")
            }
        else:
            parts = list(self.parts.get(self.overlay, ()))[:MOST_GROUPS]
            wheres = {
                part_title(self.overlay, name, self.model.card.taxonomy): (
                    *self.where,
                    (self.overlay, slug(name)),
                )
                for name in parts
                if name != UNKNOWN
            }
        return tuple((name, evaluate_split(self.model, self.split, where)) for name, where in wheres.items())

    @property
    def narrowed(self) -> str:
        """Which parts of the cases, in words; "" for all."""
        named = {(variable, slug(name)): name for variable, names in self.parts.items() for name in names}
        return ", ".join(
            f"{variable} {part_title(variable, named.get((variable, wanted), wanted), self.model.card.taxonomy)}"
            for variable, wanted in kind_of(self.model, self.split, self.where)[1]
        )

    @property
    def filtered(self) -> str:
        """The filter in words; "" where there is none."""
        return ", ".join(filter(None, ["" if self.kind == Kind() else kind_title(self.kind), self.narrowed]))

    @property
    def kind(self) -> Kind:
        """Of which scores these are: their modality and run."""
        return kind_of(self.model, self.split, self.where)[0]


@dataclass
class Parameters:
    """An address's parameters: values as text, or lists of text for those that stand there several times.

    Attributes:
        notices: a sentence for everything in them that could not be used.
    """

    values: Mapping[str, Any]
    notices: list[str] = field(default_factory=list)

    def every(self, name: str) -> list[str]:
        """All values of a parameter."""
        value = self.values.get(name)
        if value is None:
            return []
        return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]

    def first(self, name: str) -> str | None:
        """The first value of a parameter; that there are more is said."""
        values = self.every(name)
        if len(values) > 1:
            self.notices.append(f"The address names “{name}” {len(values)} times; the first counts.")
        return values[0] if values else None


def read_view(query: Mapping[str, Any], models: Sequence[Bundle], usual: str) -> tuple[View, tuple[str, ...]]:
    """A view from an address's parameters, and a sentence for everything in it that could not be used.

    Args:
        query: see `Parameters`.
        models: the intact bundles; at least one.
        usual: the name of the model that is shown when the address names none.
    """
    asked = Parameters(query)
    model = chosen_model(asked, models, usual)
    others = opponents(asked, models, model)
    available = splits(model)
    split = chosen_split(asked, model, available)
    kind = chosen_kind(asked, model, split)
    parts = parts_of(model, split, kind) if split else {}
    view = View(
        model=model,
        others=others,
        split=split,
        splits=available,
        where=kind.where + chosen_filter(asked, parts),
        parts=parts,
        threshold=percent_parameter(asked, "threshold", 0, 100, "the model's own threshold is shown"),
        prevalence=percent_parameter(
            asked, "prevalence", LOWEST, HIGHEST, "that of the cases is taken", keep_within=True
        ),
        selection=chosen_cases(asked, model),
        page=chosen_page(asked),
        overlay=chosen_overlay(asked),
        runs=tuple(asked.every("run")) if "run" in query else None,
        colouring=chosen_colouring(asked),
    )
    return view, tuple(asked.notices)


def view_of_query(search: str | None, models: Sequence[Bundle], usual: str) -> View:
    """The view of an address's part from "?" on; what is wrong in it has been said before."""
    return read_view(parse_qs((search or "").lstrip("?"), keep_blank_values=True), models, usual)[0]


def view_query(view: View) -> str:
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
    values += [("show", view.selection.code)] if view.selection else []
    values += [("page", str(view.page))] if view.page > 1 else []
    values += [("overlay", view.overlay)] if view.overlay else []
    values += [("run", name) for name in view.runs or ()]
    values += [("colour", view.colouring)] if view.colouring != USUAL_COLOURING else []
    return "?" + urlencode(values, safe=":")


def drawn_runs(view: View, runs: Sequence[Run]) -> tuple[str, ...]:
    """The runs to draw beside the models: those that the address names, else those still going."""
    return live_runs(runs) if view.runs is None else view.runs


def live_runs(runs: Sequence[Run]) -> tuple[str, ...]:
    """The runs that are drawn when nobody chooses: those still going."""
    return tuple(run.name for run in runs if run.live)


def quoted(value: str) -> str:
    """What somebody wrote, short enough for a sentence."""
    return f"“{value[:40]}{'…' if len(value) > 40 else ''}”"


def chosen_model(asked: Parameters, models: Sequence[Bundle], usual: str) -> Bundle:
    """The bundle of that name, else the one that predicts by default, else the first."""
    name = asked.first("model")
    model = next((one for choice in (name, usual) for one in models if one.name == choice), models[0])
    if name is not None and model.name != name:
        asked.notices.append(f"There is no model {quoted(name)} here; this is {model.name}.")
    return model


def opponents(asked: Parameters, models: Sequence[Bundle], model: Bundle) -> tuple[Bundle, ...]:
    """The other models, each once."""
    by_name = {one.name: one for one in models}
    wanted = dict.fromkeys(name for name in asked.every("compare") if name and name != model.name)
    for name in wanted:
        if name not in by_name:
            asked.notices.append(f"There is no model {quoted(name)} to compare with.")
    others = [by_name[name] for name in wanted if name in by_name]
    if len(others) >= MOST_MODELS:
        asked.notices.append(f"At most {MOST_MODELS} models are drawn together; the first ones are.")
    return tuple(others[: MOST_MODELS - 1])


def chosen_split(asked: Parameters, model: Bundle, available: tuple[str, ...]) -> str:
    """The split of that name, else the one to judge by."""
    name = asked.first("split")
    if name in available:
        return str(name)
    split = next(iter(available), "")
    if name:
        asked.notices.append(
            f"{model.name} was not evaluated on {quoted(name)}; these are its {split} cases."
            if split
            else f"{model.name} holds no scores."
        )
    return split


def chosen_kind(asked: Parameters, model: Bundle, split: str) -> Kind:
    """The modality and the run whose scores are wanted, else the usual ones."""
    wanted = tuple((name, value) for name in USUAL if (value := asked.first(name)))
    kinds = kinds_of(model, split) if split else {}
    kind, _ = kind_of(model, split, wanted) if split else (Kind(), ())
    if wanted and kind not in kinds:
        said = " and ".join(f"{name} {quoted(value)}" for name, value in wanted)
        asked.notices.append(f"There are no scores of {said} here; these are the usual ones.")
    return kind if kind in kinds else Kind()


def chosen_filter(asked: Parameters, parts: Mapping[str, Mapping[str, int]]) -> Where:
    """The parts that are wanted and exist."""
    wanted = [(name, value) for name in COLUMNS if (value := asked.first(name))]
    usable, unusable = usable_filter(wanted, parts)
    asked.notices.extend(
        f"No case here has the {variable} {quoted(name)}; it is left out." for variable, name in unusable
    )
    return usable


def percent_parameter(
    asked: Parameters, name: str, low: float, high: float, instead: str, keep_within: bool = False
) -> float | None:
    """A number in per cent, to one decimal; None where there is none or none that can be used."""
    written = asked.first(name)
    if not written:
        return None
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (not low <= value <= high and not keep_within):
        asked.notices.append(
            f"The {name} {quoted(written)} is not a number from {low:g} to {high:g}, in per cent; {instead}."
        )
        return None
    if not low <= value <= high:
        value = min(high, max(low, value))
        asked.notices.append(f"The {name} can be set from {low:g} to {high:g} %; it is {value:g} % here.")
    return round(value, 1)


def chosen_cases(asked: Parameters, model: Bundle) -> Selection | None:
    """The cases to list; None for none."""
    code = asked.first("show")
    selection = parse_selection(code, model.card.taxonomy) if code else None
    if code and selection is None:
        asked.notices.append(f"There is no list of cases {quoted(code)}.")
    return selection


def chosen_overlay(asked: Parameters) -> str:
    """What groups are laid over figures by."""
    wanted = asked.first("overlay") or ""
    if wanted and wanted not in OVERLAYS:
        asked.notices.append(f"Figures cannot be laid over each other by {quoted(wanted)}.")
    return wanted if wanted in OVERLAYS else ""


def chosen_colouring(asked: Parameters) -> str:
    """What the map is coloured by."""
    wanted = asked.first("colour") or USUAL_COLOURING
    if wanted not in COLOURINGS:
        asked.notices.append(f"The map cannot be coloured by {quoted(wanted)}.")
    return wanted if wanted in COLOURINGS else USUAL_COLOURING


def chosen_page(asked: Parameters) -> int:
    """A page of the list; one that is too high is brought back by whoever knows how many there are."""
    written = asked.first("page")
    if not written:
        return 1
    if written.isascii() and written.isdigit() and len(written) < 10 and int(written) > 0:
        return int(written)
    asked.notices.append(f"The page {quoted(written)} is not a number from 1; this is the first.")
    return 1
