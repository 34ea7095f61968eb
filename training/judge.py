"""From stored raw scores to a calibration, operating points and figures.

Everything that is chosen (temperature, thresholds, the balanced decision rule) comes from the validation split alone;
the test split is only measured.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model import shares
from model.bundle import OperatingPoint, point_name, truth_of
from model.calibration import balanced_choice, temper
from model.conformal import three_way
from model.intervals import Interval, Undefined
from model.metrics import class_balanced_accuracy, class_confusion, confusion
from model.reliability import brier, expected_calibration_error, reliability
from model.resampling import bootstrap_auc, lesion_auc
from model.subgroups import subgroups
from model.taxonomy import HAM10000, Taxonomy
from training.coverage import resplit_coverage
from training.scaling import Cases, compare_scalings, fit_temperature

SPLITS = ("validation", "test")
SENSITIVITIES = (0.90, 0.95, 0.975)
DEFAULT_SENSITIVITY = 0.95
TAUS = np.linspace(0, 1.5, 31)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Evaluation:
    """What is known of a network after evaluation. The attributes but `scores` are those of `model.bundle.Card`.

    Attributes:
        scores: the rows of a bundle's scores.parquet: `model.bundle.SCORE_COLUMNS` and raw_<class>.
        taxonomy: what the labels mean.
        classes: of the network's outputs, in order.
        temperature, operating_points, balanced_rule: from the validation split; `operating_point` names the default.
        calibration: ways to calibrate, compared on the validation split; see `training.scaling.compare_scalings`.
        results: figures by split.
        coverage_over_resplits: by operating point, see `training.coverage`; empty while test is closed.
        subgroups, robustness: rows, measured on `measured_on`.
    """

    scores: pd.DataFrame
    taxonomy: Taxonomy
    classes: tuple[str, ...]
    temperature: float
    operating_points: tuple[OperatingPoint, ...]
    operating_point: str
    balanced_rule: dict[str, Any]
    calibration: list[dict[str, Any]]
    results: dict[str, Any]
    coverage_over_resplits: dict[str, Any]
    subgroups: list[dict[str, Any]]
    measured_on: str
    robustness: list[dict[str, Any]] = field(default_factory=list)

    def point(self) -> OperatingPoint:
        """The default operating point."""
        return next(point for point in self.operating_points if point.name == self.operating_point)

    def as_facts(self) -> dict[str, Any]:
        """Everything but the scores, as it goes into evaluation.json."""
        facts = {name: value for name, value in vars(self).items() if name != "scores"}
        points = [asdict(point) for point in self.operating_points]
        return facts | {"taxonomy": asdict(self.taxonomy), "operating_points": points}

    @property
    def summary(self) -> str:
        """The figures to look at first, a line a split."""
        return "\n".join(in_short(split, found) for split, found in self.results.items())


def in_short(split: str, found: dict[str, Any]) -> str:
    """One split's figures at the default operating point in a line."""
    parts = [
        f"{split}, {found['images']} images: AUC {said(found['auc'])} "
        f"({said(found['auc_low'])}-{said(found['auc_high'])}, by lesion {said(found['auc_by_lesion'])})"
    ]
    parts += [f"{name} {said(found[name])}" for name in ("sensitivity", "specificity")]
    parts += [f"ECE {said(found['ece'])}", f"Brier {said(found['brier'])}"]
    if "balanced_accuracy" in found:
        by_rule = said(found["balanced_accuracy_balanced_rule"])
        parts.append(f"balanced accuracy {said(found['balanced_accuracy'])} ({by_rule} by the balanced rule)")
    return ", ".join(parts)


def said(value: float | None) -> str:
    """A figure with three decimals."""
    return "not defined" if value is None else f"{value:.3f}"


def judge(scores: pd.DataFrame, classes: tuple[str, ...], taxonomy: Taxonomy = HAM10000) -> Evaluation:
    """Everything that follows from the raw scores of the validation split and, where it was opened, of test."""
    raw = scores[[f"raw_{name}" for name in classes]].to_numpy(np.float64)
    places = {code: place for place, code in enumerate(taxonomy.codes)}
    labels = np.array([places.get(label, -1) for label in scores["label"]], np.intp)
    truth = truth_of(scores, taxonomy).to_numpy()
    images = scores["image_id"] if "image_id" in scores else scores.index.astype(str)
    lesions = shares.lesions_of(scores["lesion_id"], images)
    chosen = (scores["split"] == "validation").to_numpy()
    temperature = fit_temperature(raw[chosen], truth[chosen], taxonomy)
    calibrated = temper(raw, temperature)
    p = taxonomy.malignancy(calibrated)
    points = operating_points(truth[chosen], p[chosen])
    default = next(point for point in points if point.sensitivity == DEFAULT_SENSITIVITY)
    rule = balanced_rule(calibrated[chosen], labels[chosen], taxonomy) if len(classes) > 1 else {}
    results: dict[str, Any] = {}
    for split in SPLITS:
        inside = (scores["split"] == split).to_numpy()
        if inside.any():
            found = figures(truth[inside], p[inside], lesions[inside], points, default)
            before = taxonomy.malignancy(raw[inside])
            found["ece_before_calibration"] = expected_calibration_error(truth[inside], before)
            found["reliability_before_calibration"] = bins(truth[inside], before)
            if rule:
                found |= diagnoses(calibrated[inside], labels[inside], lesions[inside], rule, taxonomy)
            results[split] = found
    last = list(results)[-1]
    inside = (scores["split"] == last).to_numpy()
    return Evaluation(
        scores=scores,
        taxonomy=taxonomy,
        classes=classes,
        temperature=temperature,
        operating_points=points,
        operating_point=default.name,
        balanced_rule=rule,
        calibration=compare_scalings(
            Cases(raw[chosen], labels[chosen], truth[chosen], taxonomy), lesions[chosen]
        ),
        results=results,
        coverage_over_resplits={
            point.name: resplit_coverage(truth, p, lesions, point.sensitivity) for point in points
        }
        if "test" in results
        else {},
        subgroups=subgroup_rows(truth[inside], p[inside], lesions[inside], scores[inside], default.threshold),
        measured_on=last,
    )


def operating_points(truth: Bools, p: Floats) -> tuple[OperatingPoint, ...]:
    """The three operating points, each with the same stated coverage for either class."""
    found: list[OperatingPoint] = []
    for sensitivity in SENSITIVITIES:
        threshold, malignant = three_way(truth, p, sensitivity, sensitivity)
        name = point_name(sensitivity)
        found.append(OperatingPoint(name, sensitivity, threshold, malignant, sensitivity, sensitivity))
    return tuple(found)


def balanced_rule(calibrated: Floats, labels: NDArray[np.intp], taxonomy: Taxonomy) -> dict[str, Any]:
    """Priors and tau of `model.calibration.balanced_choice` from the validation split.

    Neighbouring taus choose alike, and the best of them is partly luck: the middle of those that come within half a
    point of the best balanced accuracy is taken.
    """
    known, count = labels >= 0, len(taxonomy)
    calibrated, labels = calibrated[known], labels[known]
    # A diagnosis that validation lacks counts half a case: its prior must not be 0.
    counts = np.maximum(np.bincount(labels, minlength=count).astype(np.float64), 0.5)
    priors = counts / counts.sum()
    reached = np.array(
        [
            class_balanced_accuracy(class_confusion(labels, balanced_choice(calibrated, priors, tau), count))
            for tau in TAUS
        ]
    )
    tau = float(np.median(TAUS[reached >= reached.max() - 0.005]))
    return {"tau": tau, "priors": dict(zip(taxonomy.codes, priors.tolist(), strict=True))}


def diagnoses(
    calibrated: Floats,
    labels: NDArray[np.intp],
    lesions: NDArray[np.str_],
    rule: dict[str, Any],
    taxonomy: Taxonomy,
) -> dict[str, Any]:
    """Balanced accuracy over the diagnoses: of the likeliest one, and of the balanced decision rule."""
    known = labels >= 0
    calibrated, labels, lesions = calibrated[known], labels[known], lesions[known]
    priors = [rule["priors"][code] for code in taxonomy.codes]
    chosen = {
        "balanced_accuracy": calibrated.argmax(axis=1),
        "balanced_accuracy_balanced_rule": balanced_choice(calibrated, priors, rule["tau"]),
    }
    found: dict[str, Any] = {}
    for name, choice in chosen.items():
        found |= flat(name, shares.balanced_accuracy(labels, choice, len(taxonomy), lesions))
        found[name.replace("balanced_accuracy", "accuracy", 1)] = float((choice == labels).mean())
    return found


def figures(
    truth: Bools,
    p: Floats,
    lesions: NDArray[np.str_],
    points: tuple[OperatingPoint, ...],
    default: OperatingPoint,
) -> dict[str, Any]:
    """One split's figures from the calibrated probability of malignancy; intervals are bootstrapped by lesion."""
    by_point = {point.name: at_point(truth, p, lesions, point) for point in points}
    own = by_point[default.name]
    cells = confusion(truth, p, default.threshold)
    return {
        "images": len(truth),
        "lesions": len(set(lesions)),
        "malignant": int(truth.sum()),
        **flat("auc", bootstrap_auc(truth, p, lesions)),
        **flat("auc_by_lesion", lesion_auc(truth, p, lesions)),
        "confusion": {name: int(value) for name, value in vars(cells).items()},
        **{
            f"{name}{end}": None if own[name] is None else own[name][key]
            for name in ("sensitivity", "specificity")
            for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
        },
        **flat("brier", shares.mean((p - truth) ** 2, lesions)),
        "brier_of_the_prevalence": brier(truth, np.full(len(truth), truth.mean())),
        "ece": expected_calibration_error(truth, p),
        "reliability": bins(truth, p),
        "operating_points": by_point,
    }


def at_point(truth: Bools, p: Floats, lesions: NDArray[np.str_], point: OperatingPoint) -> dict[str, Any]:
    """What one operating point does: rates with intervals, and cases by truth and decision.

    `sensitivity` and `specificity` take everything from `threshold` on for positive. `sensitivity` is also the coverage
    of the malignant class; `coverage_benign` is the share of benign lesions that are not called malignant. `decided`
    is the share of all images that are not uncertain.
    """
    positive, malignant = p >= point.threshold, p >= point.malignant
    calls = {
        "benign": ~positive,
        "uncertain": positive & ~malignant,
        "malignant": malignant,
    }
    rates = {
        "sensitivity": (positive, truth, Undefined.NO_MALIGNANT),
        "specificity": (~positive, ~truth, Undefined.NO_BENIGN),
        "ppv": (truth, positive, Undefined.NONE_CALLED_MALIGNANT),
        "npv": (~truth, ~positive, Undefined.NONE_CALLED_BENIGN),
        "coverage_benign": (~malignant, ~truth, Undefined.NO_BENIGN),
        "called_malignant": (malignant, truth, Undefined.NO_MALIGNANT),
        "ppv_malignant": (truth, malignant, Undefined.NONE_CALLED_MALIGNANT),
        "decided": (~calls["uncertain"], np.ones(len(truth), bool), Undefined.EMPTY),
    }
    return {
        name: as_json(shares.share(hits[of], lesions[of], reason))
        for name, (hits, of, reason) in rates.items()
    } | {
        "cases": {
            side: {call: int((is_called & of).sum()) for call, is_called in calls.items()}
            for side, of in (("malignant", truth), ("benign", ~truth))
        }
    }


def subgroup_rows(
    truth: Bools, p: Floats, lesions: NDArray[np.str_], table: pd.DataFrame, threshold: float
) -> list[dict[str, Any]]:
    """Rows of the card's table of subgroups at the default operating point."""
    return [
        {
            "variable": part.variable,
            "name": part.name,
            "images": part.n,
            "malignant": part.malignant,
            "auc": as_json(part.auc),
            "sensitivity": as_json(part.sensitivity),
            "specificity": as_json(part.specificity),
            "small": part.small,
        }
        for part in subgroups(truth, p, lesions, table, threshold)
    ]


def bins(truth: Bools, p: Floats) -> list[dict[str, Any]]:
    """Predicted and observed shares over ten equal bins."""
    return [
        {"low": one.low, "high": one.high, "images": one.n, "predicted": one.predicted}
        | {f"observed{end}": value for end, value in ends(one.observed)}
        for one in reliability(truth, p)
    ]


def ends(of: Interval) -> tuple[tuple[str, float], ...]:
    """An interval's numbers with what their names end in."""
    return (("", of.value), ("_low", of.low), ("_high", of.high))


def flat(name: str, of: Interval) -> dict[str, float | None]:
    """An interval as three numbers beside each other; JSON knows no NaN."""
    return {name + end: value if of.defined else None for end, value in ends(of)}


def as_json(of: Interval) -> dict[str, float] | None:
    """An interval as an object, None where it is not defined."""
    return {"value": of.value, "low": of.low, "high": of.high} if of.defined else None
