"""The whole review of a model as one HTML file that needs nothing else: no network, no server, no second file.

Figures are drawn by plotly.js, which stands in the file once. The file's own security policy forbids it to load or send
anything.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from model.bundle import Bundle, BundleError, Card, OperatingPoint
from model.evaluation.cardtext import calibration_sentences
from model.evaluation.cohort import Where, part_title
from model.evaluation.disturbances import HEAD, NOTE, disturbance_cells, disturbed
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.robustness import ROBUSTNESS
from model.evaluation.metrics import Confusion
from model.evaluation.operating import operating_figures
from model.evaluation.review import SplitEvaluation, evaluate_split
from model.evaluation.rows import splits
from model.evaluation.subgroups import FEW, FEW_MALIGNANT
from model.evaluation.words import area_text, fact_label, part_words, rate, share_text, value_and_interval

# Facts of a card that stand where they belong.
ELSEWHERE = ("intended_use", "not_for", "limits", "measured_on")
# A way of confirmation that a pathologist would sign.
HISTOLOGY = ("histo", "histopathology", "histology")

# Column names and rows, the first cell of a row being its head; then, if any, which rows step back.
ReportTable: TypeAlias = tuple[Any, ...]


def model_report(
    bundle: Bundle,
    split: str | None = None,
    where: Where = (),
    prevalence: float | None = None,
    made: datetime | None = None,
) -> str:
    """One model on one split, as HTML.

    Args:
        split: the one to judge by for None: test where there is one.
        where: only the cases of this filter.
        prevalence: where PPV and NPV are wanted for, 0 to 1; that of the cases for None.
        made: the time to print, now for None.

    Raises:
        BundleError: the bundle holds no scores, or none of that split; the message names those there are.
    """
    available = splits(bundle)
    if not available:
        raise BundleError(f"{bundle.name} holds no scores, so there is nothing to report.")
    if split is not None and split not in available:
        raise BundleError(f"{bundle.name} has no scores of {split!r}. Available: {', '.join(available)}.")
    shown, card = evaluate_split(bundle, split or available[0], where), bundle.card
    data = FigureData(bundle, shown, round(100 * shown.threshold, 1))
    drawn = {name: figure.draw(data) for name, figure in FIGURES.items() if figure.exists(data)}
    return (
        report_templates()
        .get_template("report.html")
        .render(
            card=card,
            data=data,
            shown=shown,
            part=", ".join(
                f"{variable} {part_title(variable, name, card.taxonomy)}" for variable, name in where
            ),
            made=(made or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
            tiles=report_tiles(shown),
            point=card.point(),
            operating_points=operating_points_table(card, shown, prevalence),
            decisions=decisions_table(shown.at(shown.threshold)),
            figures=[FIGURES[name] for name in drawn if name != ROBUSTNESS.name],
            heights={name: figure.layout.height for name, figure in drawn.items()},
            plots={f"figure-{name}": figure_json(figure) for name, figure in drawn.items()},
            subgroups=report_subgroups(shown),
            few=FEW,
            few_malignant=FEW_MALIGNANT,
            robustness=(HEAD, [disturbance_cells(one) for one in disturbed(card.robustness)]),
            robustness_note=f"On the {card.facts['measured_on']} cases. {NOTE}"
            if "measured_on" in card.facts
            else NOTE,
            limits=limit_sentences(card, shown),
            facts=card_facts(card),
            plotly=get_plotlyjs(),
        )
    )


def report_templates() -> Environment:
    """The templates, with how the report writes what a bundle holds. Every text is escaped."""
    templates = Environment(
        loader=PackageLoader("model.evaluation"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters |= {"rate": rate, "split_interval": split_interval, "fact_text": fact_text}
    templates.tests["itemized"] = is_itemized
    return templates


def figure_json(figure: Any) -> dict[str, Any]:
    """A figure as JSON values, its template with it."""
    values: dict[str, Any] = json.loads(figure.to_json())
    return {"data": values["data"], "layout": values["layout"]}


def report_tiles(shown: SplitEvaluation) -> list[tuple[str, str, str]]:
    """The few numbers to know: name, value, and the line below."""
    at, sure = shown.at(shown.threshold), shown.resampled
    of_benign, of_malignant = at.tn + at.fp, at.tp + at.fn
    return [
        ("AUC", *value_and_interval(sure.area, "index")),
        ("Sensitivity", *value_and_interval(at.sensitivity, "share")),
        ("Specificity", *value_and_interval(at.specificity, "share")),
        ("Average precision", *value_and_interval(sure.average_precision, "index")),
        ("Cancers missed", f"{at.fn:,}", f"of {of_malignant:,}"),
        ("False alarms", f"{at.fp:,}", f"of {of_benign:,}"),
        ("Prevalence here", *value_and_interval(at.prevalence, "share")),
        ("Calibration error", *calibration_words(shown)),
    ]


def calibration_words(shown: SplitEvaluation) -> tuple[str, str]:
    """ECE, and what it was before the scaling."""
    if np.isnan(shown.calibrated.error):
        return "–", "Not defined without scored cases."
    before = shown.uncalibrated
    return f"{shown.calibrated.error:.3f}", f"{before.error:.3f} before scaling" if before else "no scaling"


def operating_points_table(card: Card, shown: SplitEvaluation, prevalence: float | None) -> ReportTable:
    """What each of the card's operating points does to these cases."""
    points = card.operating_points
    at = [shown.at(one.threshold) for one in points]
    own = prevalence if prevalence is not None else next((c.prevalence.value for c in at), float("nan"))
    rows = [
        ["Lesion has to be looked at from", *(rate(one.threshold) for one in points)],
        ["Called malignant from", *(rate(one.malignant) for one in points)],
        ["Sensitivity", *(share_text(one.sensitivity) for one in at)],
        ["Specificity", *(share_text(one.specificity) for one in at)],
        ["Cancers missed", *(f"{one.fn:,} of {one.tp + one.fn:,}" for one in at)],
        ["False alarms", *(f"{one.fp:,} of {one.fp + one.tn:,}" for one in at)],
        ["Accuracy", *(share_text(one.accuracy) for one in at)],
    ]
    if 0 < own < 1:
        worths = [operating_figures(one, own) for one in at]
        for name, label, kind in (
            ("balanced_accuracy", "Balanced accuracy", "share"),
            ("f1", "F1", "index"),
            ("positive_ratio", "Likelihood ratio +", "ratio"),
            ("negative_ratio", "Likelihood ratio −", "ratio"),
            ("ppv", f"PPV at a prevalence of {rate(own)}", "share"),
            ("npv", f"NPV at a prevalence of {rate(own)}", "share"),
            ("needed_to_biopsy", f"Number needed to biopsy at {rate(own)}", "ratio"),
        ):
            rows.append(
                [label, *(bracketed(*value_and_interval(getattr(one, name), kind)) for one in worths)]
            )
    rows += three_way_rows(points, shown)
    names = (
        f"{100 * one.sensitivity:g} %" + (" (default)" if one.name == card.operating_point else "")
        for one in points
    )
    return ("For a sensitivity on validation of", *names), rows


def bracketed(value: str, interval: str) -> str:
    """Value and interval, or why there is none."""
    return interval if value == "–" else f"{value} ({interval})"


def split_interval(cell: str) -> tuple[str, str]:
    """A value and its interval, to stand one above the other: neither breaks in a narrow column then."""
    if not cell.endswith(")") or " (" not in cell:
        return cell, ""
    value, interval = cell[:-1].split(" (", 1)
    return value, f"({interval})"


def three_way_rows(points: Sequence[OperatingPoint], shown: SplitEvaluation) -> list[list[str]]:
    """How many of each class are called benign, uncertain and malignant."""
    rows: list[list[str]] = []
    for name, of, column in (("Malignant", shown.counts.malignant, 0), ("Benign", shown.counts.benign, 1)):
        cells = [f"{name} called benign / uncertain / malignant"]
        for one in points:
            low, high = (int(shown.counts.counts([cut])[column][0]) for cut in (one.threshold, one.malignant))
            cells.append(f"{of - low:,} / {low - high:,} / {high:,}")
        rows.append(cells)
    return rows


def decisions_table(at: Confusion) -> ReportTable:
    """Two by two."""
    return (
        ("", "Called malignant", "Called benign", "All"),
        [
            ("◆ Malignant", f"{at.tp:,} caught", f"{at.fn:,} missed", f"{at.tp + at.fn:,}"),
            ("● Benign", f"{at.fp:,} false alarms", f"{at.tn:,} left alone", f"{at.fp + at.tn:,}"),
        ],
    )


def report_subgroups(shown: SplitEvaluation) -> ReportTable:
    """A row a subgroup; small ones step back."""
    rows = [
        (
            f"{one.title}{' ○' if one.small else ''}",
            f"{one.n:,}",
            f"{one.malignant:,}",
            area_text(one.auc),
            share_text(one.sensitivity),
            share_text(one.specificity),
        )
        for one in shown.subgroups
    ]
    head = ("Group", "Cases", "Malignant", "AUC", "Sensitivity", "Specificity")
    return head, rows, [one.small for one in shown.subgroups]


def limit_sentences(card: Card, shown: SplitEvaluation) -> list[str]:
    """What these figures do not show."""
    sentences = [
        *(str(one) for one in card.facts.get("limits", ())),
        "Scores of images that were chosen and photographed for a data set: patients who come to a practice differ, "
        "and so will the figures.",
        "The model supports a clinician's judgement and never replaces it: a benign result rules nothing out.",
    ]
    if "confirmation" in shown.table and len(shown.table):
        by = shown.table["confirmation"].astype(str).str.lower()
        sure = int(by.isin(HISTOLOGY).sum())
        sentences.append(
            f"{rate(sure / len(by))} of the cases were confirmed by histology; the rest by other means, which see less."
        )
    small = [f"{one.variable.lower()} {part_words(one.name)}" for one in shown.subgroups if one.small]
    if small:
        sentences.append(f"Too few cases to conclude anything: {', '.join(small)}.")
    if shown.counts.unscored:
        sentences.append(f"{shown.counts.unscored:,} cases have no score, so that no rate is given.")
    if card.synthetic:
        sentences.append("Trained on drawn lesions: nothing here says anything about skin.")
    return sentences


def card_facts(card: Card) -> Iterable[tuple[str, Any]]:
    """The model card: names, and values as they stand in it."""
    return [
        ("Name", f"{card.name}, version {card.version}, made {card.created}"),
        ("Purpose", card.purpose),
        *(
            (fact_label(name), card.facts[name])
            for name in ("intended_use", "not_for")
            if card.facts.get(name)
        ),
        ("Input", f"{card.input_size} × {card.input_size} pixels; out: {', '.join(card.classes)}"),
        ("Calibration", calibration_sentences(card)),
        ("Training", card.training),
        *((fact_label(name), value) for name, value in card.facts.items() if name not in ELSEWHERE),
        ("Licence", card.licence),
        ("Files", card.files),
    ]


def is_itemized(value: Any) -> bool:
    """Whether a fact is a list that needs a line an entry: sentences, or names with values."""
    if not isinstance(value, list | tuple):
        return False
    sentences = all(isinstance(one, str) and len(one) > 24 for one in value)
    return sentences or any(isinstance(one, Mapping) for one in value)


def fact_text(value: Any) -> str:
    """A value of the card on one line."""
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
