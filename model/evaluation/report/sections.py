"""The parts of a report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.bundle import Bundle, Card, OperatingPoint
from model.evaluation import metrics
from model.evaluation.cardtables import scales
from model.evaluation.disturbances import HEAD, NOTE, disturbance_cells, disturbed
from model.evaluation.operating import worth
from model.evaluation.report.tags import Content, Markup, html_table, section, tag
from model.evaluation.review import SplitEvaluation
from model.evaluation.subgroups import FEW, FEW_MALIGNANT
from model.evaluation.words import area_text, part_words, rate, reading, share_text, signed_text

# Facts of a card that stand where they belong.
ELSEWHERE = ("intended_use", "not_for", "limits", "measured_on")
# A way of confirmation that a pathologist would sign.
HISTOLOGY = ("histo", "histopathology", "histology")


def report_head(bundle: Bundle, shown: SplitEvaluation, part: str, made: str) -> list[Content]:
    """What this is about."""
    card = bundle.card
    cases = f"{shown.truth.size:,} images of {shown.lesions:,} lesions, {shown.counts.malignant:,} malignant images"
    told = [
        tag("p", f"{card.purpose} Version {card.version}, made {card.created[:10]}.")
        if card.purpose
        else None,
        tag(
            "p",
            f"Cases: {shown.split}{f', only {part}' if part else ''}; {cases}. Report of {made}.",
            class_="note",
        ),
    ]
    drawn = "Trained on drawn lesions: for tests and demonstrations only, never for patients."
    return [
        tag("h1", f"How well {card.name} works"),
        told,
        tag("p", drawn, class_="warning") if card.synthetic else None,
    ]


def report_tiles(bundle: Bundle, shown: SplitEvaluation) -> Markup:
    """The few numbers to know."""
    at, found = shown.at(shown.threshold), shown.resampled
    of_benign, of_malignant = at.tn + at.fp, at.tp + at.fn
    told = [
        ("AUC", *area_words(found.area)),
        ("Sensitivity", *reading(at.sensitivity, "share")),
        ("Specificity", *reading(at.specificity, "share")),
        ("Average precision", *area_words(found.average_precision)),
        ("Cancers missed", f"{at.fn:,}", f"of {of_malignant:,}"),
        ("False alarms", f"{at.fp:,}", f"of {of_benign:,}"),
        ("Prevalence here", *reading(at.prevalence, "share")),
        ("Calibration error", *calibration_words(shown)),
    ]
    own = bundle.card.point()
    words = (
        f"At the model's own operating point: from a probability of {rate(own.threshold)} on a lesion counts as "
        f"called malignant; set on validation for {rate(own.sensitivity)} sensitivity."
    )
    cells = [
        tag("div", tag("span", name), tag("strong", value), tag("span", line)) for name, value, line in told
    ]
    return Markup(tag("div", cells, class_="tiles").text + tag("p", words, class_="note").text)


def area_words(interval: Any) -> tuple[str, str]:
    """Value and interval."""
    return reading(interval, "index")


def calibration_words(shown: SplitEvaluation) -> tuple[str, str]:
    """ECE, and what it was before the scaling."""
    if np.isnan(shown.calibrated.error):
        return "–", "Not defined without scored cases."
    before = shown.uncalibrated
    told = f"{before.error:.3f} before scaling" if before else "no scaling"
    return f"{shown.calibrated.error:.3f}", told


def operating_points_table(bundle: Bundle, shown: SplitEvaluation, prevalence: float | None) -> Markup:
    """What each of the card's operating points does to these cases."""
    points = bundle.card.operating_points
    rows: list[list[Content]] = [
        ["Lesion has to be looked at from", *(rate(one.threshold) for one in points)],
        ["Called malignant from", *(rate(one.malignant) for one in points)],
    ]
    at = [shown.at(one.threshold) for one in points]
    own = prevalence if prevalence is not None else next((c.prevalence.value for c in at), float("nan"))
    rows += [
        ["Sensitivity", *(share_text(one.sensitivity) for one in at)],
        ["Specificity", *(share_text(one.specificity) for one in at)],
        ["Cancers missed", *(f"{one.fn:,} of {one.tp + one.fn:,}" for one in at)],
        ["False alarms", *(f"{one.fp:,} of {one.fp + one.tn:,}" for one in at)],
        ["Accuracy", *(share_text(one.accuracy) for one in at)],
    ]
    if 0 < own < 1:
        worths = [worth(one, own) for one in at]
        for name, label, kind in (
            ("balanced_accuracy", "Balanced accuracy", "share"),
            ("f1", "F1", "index"),
            ("positive_ratio", "Likelihood ratio +", "ratio"),
            ("negative_ratio", "Likelihood ratio −", "ratio"),
            ("ppv", f"PPV at a prevalence of {rate(own)}", "share"),
            ("npv", f"NPV at a prevalence of {rate(own)}", "share"),
            ("needed_to_biopsy", f"Number needed to biopsy at {rate(own)}", "ratio"),
        ):
            rows.append([label, *(" ".join(bracketed(*reading(getattr(one, name), kind))) for one in worths)])
    rows += three_way_rows(points, shown)
    first = "For a sensitivity on validation of"
    return section(
        "Operating points",
        html_table((first, *(point_title(one, bundle.card) for one in points)), rows),
        note="95 % intervals in brackets. A lesion between the two thresholds is called uncertain; for sensitivity "
        "and specificity it counts as called malignant, because it has to be looked at.",
    )


def point_title(point: OperatingPoint, card: Card) -> str:
    """The head of an operating point's column."""
    return f"{100 * point.sensitivity:g} %" + (" (default)" if point.name == card.operating_point else "")


def bracketed(value: str, interval: str) -> tuple[str, ...]:
    """Value and interval, or why there is none."""
    return (interval,) if value == "–" else (value, f"({interval})")


def three_way_rows(points: Sequence[OperatingPoint], shown: SplitEvaluation) -> list[list[Content]]:
    """How many of each class are called benign, uncertain and malignant."""
    rows: list[list[Content]] = []
    for name, of, column in (("Malignant", shown.counts.malignant, 0), ("Benign", shown.counts.benign, 1)):
        cells: list[Content] = [f"{name} called benign / uncertain / malignant"]
        for one in points:
            low, high = (int(shown.counts.counts([cut])[column][0]) for cut in (one.threshold, one.malignant))
            cells.append(f"{of - low:,} / {low - high:,} / {high:,}")
        rows.append(cells)
    return rows


def confusion_section(at: metrics.Confusion) -> Markup:
    """Two by two at the model's own operating point."""
    return section(
        "Decisions at the model's own operating point",
        html_table(
            ("", "Called malignant", "Called benign", "All"),
            [
                ("◆ Malignant", f"{at.tp:,} caught", f"{at.fn:,} missed", f"{at.tp + at.fn:,}"),
                ("● Benign", f"{at.fp:,} false alarms", f"{at.tn:,} left alone", f"{at.fp + at.tn:,}"),
            ],
        ),
    )


def report_subgroups(shown: SplitEvaluation) -> Markup | None:
    """The table of subgroups."""
    if not shown.subgroups:
        return None
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
    return tag(
        "section",
        tag("h2", "Subgroups in numbers"),
        tag(
            "p",
            f"At the model's own operating point. ○ grey: fewer than {FEW} cases or {FEW_MALIGNANT} malignant ones, "
            "too few to conclude anything.",
            class_="note",
        ),
        html_table(
            ("Group", "Cases", "Malignant", "AUC", "Sensitivity", "Specificity"),
            rows,
            [one.small for one in shown.subgroups],
        ),
        class_="long",
    )


def report_robustness(card: Card, drawn: Content) -> Markup | None:
    """What training measured on disturbed images; `drawn` is its figure."""
    if not card.robustness:
        return None
    found = disturbed(card.robustness)
    if found is not None:
        told = f"On the {card.facts['measured_on']} cases. {NOTE}" if "measured_on" in card.facts else NOTE
        return section(
            "Robustness", drawn, html_table(HEAD, [disturbance_cells(one) for one in found]), note=told
        )
    columns = list(dict.fromkeys(name for row in card.robustness for name in row))
    rows = [[card_table_cell(name, row.get(name)) for name in columns] for row in card.robustness]
    return section(
        "Robustness",
        html_table([column_title(name) for name in columns], rows),
        note="The same images, altered as light, focus or handling would alter them.",
    )


def column_title(name: str) -> str:
    """A column's name as people read it."""
    return {"auc": "AUC", "n": "Cases", "ece": "ECE"}.get(name, name.replace("_", " ").capitalize())


def card_table_cell(name: str, value: Any) -> str:
    """A value of the card's tables as text."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return signed_text(value) if "change" in name or "difference" in name else f"{value:.3f}"
    if isinstance(value, list | tuple):
        return "–".join(card_table_cell(name, one) for one in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def report_limits(bundle: Bundle, shown: SplitEvaluation) -> Markup:
    """What these figures do not show."""
    told = [
        *(str(one) for one in bundle.card.facts.get("limits", ())),
        "Scores of images that were chosen and photographed for a data set: patients who come to a practice differ, "
        "and so will the figures.",
        "The model supports a clinician's judgement and never replaces it: a benign result rules nothing out.",
    ]
    if "confirmation" in shown.table and len(shown.table):
        by = shown.table["confirmation"].astype(str).str.lower()
        sure = int(by.isin(HISTOLOGY).sum())
        told.append(
            f"{rate(sure / len(by))} of the cases were confirmed by histology; the rest by other means, which see less."
        )
    small = [f"{one.variable.lower()} {part_words(one.name)}" for one in shown.subgroups if one.small]
    if small:
        told.append(f"Too few cases to conclude anything: {', '.join(small)}.")
    if shown.counts.unscored:
        told.append(f"{shown.counts.unscored:,} cases have no score, so that no rate is given.")
    if bundle.card.synthetic:
        told.append("Trained on drawn lesions: nothing here says anything about skin.")
    return section("Limits", tag("ul", [tag("li", one) for one in told]))


def methods(shown: SplitEvaluation) -> Markup:
    """How the figures came about."""
    return section(
        "How these figures were made",
        tag(
            "p",
            f"Areas and bands: 95 % percentile intervals of {shown.resampled.n:,} resamples of whole lesions, because "
            "images of one lesion are no independent cases. Rates: Wilson's score intervals of the effective number of "
            "cases, from the design effect of lesions (Rao & Scott 1992). Balanced accuracy: Newcombe's. Likelihood "
            "ratios, and predictive values at another prevalence than that of the cases: log-normal. Areas of "
            "subgroups: DeLong's intervals by lesion (Obuchowski 1997). Reliability and ECE: ten bins of equal width. "
            "Everything is computed from the scores in the bundle, whose files are verified by their SHA-256.",
        ),
    )


def card_section(of: Card) -> Markup:
    """The model card."""
    facts: list[tuple[str, Content]] = [
        ("Name", f"{of.name}, version {of.version}, made {of.created}"),
        ("Purpose", of.purpose),
        *(
            (column_title(name), fact_content(of.facts[name]))
            for name in ("intended_use", "not_for")
            if of.facts.get(name)
        ),
        ("Input", f"{of.input_size} × {of.input_size} pixels; out: {', '.join(of.classes)}"),
        ("Calibration", scales(of)),
        ("Training", fact_pairs(of.training)),
        *(
            (column_title(name), fact_content(value))
            for name, value in of.facts.items()
            if name not in ELSEWHERE
        ),
        ("Licence", of.licence),
        ("Files", fact_pairs(of.files)),
        ("Card's SHA-256", tag("code", of.sha256)),
    ]
    rows = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in facts]
    body = tag("table", tag("tbody", rows), class_="facts")
    return tag("section", tag("h2", "Model card"), body, class_="long")


def fact_pairs(values: Mapping[str, Any]) -> Content:
    """Names and values, a line each."""
    if not values:
        return "Not stated."
    return tag(
        "ul",
        [
            tag("li", tag("strong", name.replace("_", " ")), " ", fact_content(values[name]))
            for name in values
        ],
    )


def fact_content(value: Any) -> Content:
    """A value of the card."""
    if isinstance(value, list | tuple) and all(isinstance(one, str) and len(one) > 24 for one in value):
        return tag("ul", [tag("li", one) for one in value])
    if isinstance(value, Mapping):
        return fact_pairs(value)
    if isinstance(value, list | tuple):
        if any(isinstance(one, Mapping) for one in value):
            return tag("ul", [tag("li", fact_content(one)) for one in value])
        return ", ".join(str(one) for one in value)
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
