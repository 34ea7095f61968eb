"""From stored raw scores to figures, for every source and modality apart.

Everything that is chosen comes from the validation split alone (see `training.choosing`); the test split is only
measured.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from model.bundle import OperatingPoint
from model.calibration import Calibration, calibrate
from model.evaluation import shares
from model.evaluation.intervals import Undefined
from model.evaluation.metrics import confusion
from model.evaluation.reliability import brier, calibration_bins, expected_calibration_error
from model.evaluation.resampling import bootstrap_auc, lesion_auc
from model.evaluation.rows import from_coarse_source
from model.evaluation.stored import MAIN, deciding_scores, truth_of
from model.evaluation.subgroups import subgroups
from model.modality import Modality
from model.taxonomy import LESIONS, Taxonomy
from training.choosing import (
    DEFAULT,
    PREVALENCE,
    at_prevalence,
    balanced_choice,
    balanced_rule,
    choose_operating_points,
    fit_calibration,
    log_loss,
)

SPLITS = ("validation", "test")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Evaluation:
    """What is known of a network after evaluation. The attributes but `scores` are those of `model.bundle.Card`.

    Attributes:
        scores: the rows of a bundle's scores.parquet: `model.evaluation.stored.SCORE_COLUMNS` and raw_<class>.
        taxonomy: of the labels, and of the outputs of a network that is not binary.
        classes: of the network's outputs, in order.
        calibrations, operating_points, balanced_rule: from the validation split; `operating_point` names the default.
        results: figures by split: of all dermoscopic images, and in `domains` by source and modality.
        elsewhere: figures of sources that a run never saw, by source and modality.
        subgroups, robustness: rows, measured on the dermoscopic images of `measured_on`.
    """

    scores: pd.DataFrame
    taxonomy: Taxonomy
    classes: tuple[str, ...]
    calibrations: dict[str, Calibration]
    operating_points: tuple[OperatingPoint, ...]
    operating_point: str
    balanced_rule: dict[str, Any]
    results: dict[str, Any]
    elsewhere: dict[str, Any]
    subgroups: list[dict[str, Any]]
    measured_on: str
    robustness: list[dict[str, Any]] = field(default_factory=list)

    def point(self) -> OperatingPoint:
        """The default operating point."""
        return next(point for point in self.operating_points if point.name == self.operating_point)

    def as_facts(self) -> dict[str, Any]:
        """Everything but the scores, as it goes into evaluation.json."""
        facts = {name: value for name, value in vars(self).items() if name != "scores"}
        return facts | {
            "taxonomy": asdict(self.taxonomy),
            "calibrations": {name: asdict(calibration) for name, calibration in self.calibrations.items()},
            "operating_points": [asdict(point) for point in self.operating_points],
        }


def judge(scores: pd.DataFrame, classes: tuple[str, ...], taxonomy: Taxonomy = LESIONS) -> Evaluation:
    """Everything that follows from the raw scores of the validation split and, where it was opened, of test.

    Args:
        scores: of the run that ships, and of runs that were trained without a source; `run` says which.
    """
    scores = with_missing_columns(scores)
    main = judged_run(scores[scores["run"] == MAIN], classes, taxonomy)
    elsewhere: dict[str, Any] = {}
    for source in sorted(set(scores["run"]) - {MAIN}):
        other = judged_run(scores[scores["run"] == source], classes, taxonomy, without=source)
        elsewhere |= other.results.get("test", {}).get("domains", {})
    rows, last = scores[scores["run"] == MAIN], list(main.results)[-1]
    shown = ((rows["split"] == last) & (rows["modality"] == Modality.DERMOSCOPIC)).to_numpy()
    lesions = lesions_in(rows)
    truth, default = truth_of(rows, taxonomy).to_numpy(), main.points[DEFAULT]
    return Evaluation(
        scores=scores,
        taxonomy=taxonomy,
        classes=classes,
        calibrations=main.calibrations,
        operating_points=main.points,
        operating_point=default.name,
        balanced_rule=main.rule,
        results=main.results,
        elsewhere=elsewhere,
        subgroups=subgroup_rows(
            truth[shown],
            main.p[shown],
            deciding_scores(rows.assign(probability=main.p))[shown],
            lesions[shown],
            rows[shown],
            default.threshold,
        ),
        measured_on=last,
    )


@dataclass(frozen=True)
class Judgement:
    """What follows from the scores of one run.

    Attributes:
        p: calibrated probability of malignancy of each row.
    """

    p: Floats
    calibrations: dict[str, Calibration]
    points: tuple[OperatingPoint, ...]
    rule: dict[str, Any]
    results: dict[str, Any]


def with_missing_columns(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores with the columns that they lack where there is one run, one source and one modality.

    A row of which the guard says nothing, since it saw other runs alone, has a result.
    """
    usual: dict[str, Any] = {"run": MAIN, "modality": str(Modality.DERMOSCOPIC), "source": "", "side": 224}
    scores = scores.assign(**{name: value for name, value in usual.items() if name not in scores})
    return scores.assign(no_result=scores["no_result"].eq(True) if "no_result" in scores else False)


def lesions_in(rows: pd.DataFrame) -> NDArray[np.str_]:
    """The lesion of each row, (n,)."""
    return shares.lesions_of(
        rows["lesion_id"], rows["image_id"] if "image_id" in rows else rows.index.astype(str)
    )


def judged_run(
    rows: pd.DataFrame, classes: tuple[str, ...], taxonomy: Taxonomy, without: str = ""
) -> Judgement:
    """Calibrate and choose on a run's validation rows, and measure.

    Args:
        without: the source that the run never saw: nothing is chosen from it, and it alone is measured.
    """
    raw = rows[[f"raw_{name}" for name in classes]].to_numpy(np.float64)
    places = {code: place for place, code in enumerate(taxonomy.codes)}
    labels = np.array([places.get(label, -1) for label in rows["label"]], np.intp)
    truth, lesions = truth_of(rows, taxonomy).to_numpy(), lesions_in(rows)
    sources = rows["source"].to_numpy(str)
    modality = rows["modality"].to_numpy(str)
    chosen = (rows["split"] == "validation").to_numpy() & ((sources != without) | (without == ""))
    calibrations, calibrated = calibrate_each_modality(raw, truth, chosen, rows, taxonomy)
    p = taxonomy.malignancy(calibrated)
    fine = chosen & ~from_coarse_source(rows)
    deciding = fine if fine.any() else chosen
    points = choose_operating_points(truth[deciding], p[deciding], rows[deciding], lesions[deciding])
    dermoscopic = modality == Modality.DERMOSCOPIC
    rule = balanced_rule(calibrated[chosen & dermoscopic], labels[chosen & dermoscopic], taxonomy)
    results: dict[str, Any] = {}
    for split in SPLITS:
        part = (rows["split"] == split).to_numpy() & ((sources == without) | (without == ""))
        if not part.any():
            continue

        def measure(inside: Bools, kind: Modality) -> dict[str, Any]:
            own = tuple(measured_point(point, kind) for point in points)
            no_result = rows["no_result"].to_numpy(bool)[inside]
            figures = split_figures(
                truth[inside], p[inside], lesions[inside], own, own[DEFAULT], no_result, kind
            )
            before = taxonomy.malignancy(raw[inside])
            figures["ece_before_calibration"] = expected_calibration_error(truth[inside], before)
            figures["reliability_before_calibration"] = reliability_bins(
                truth[inside], before, lesions[inside]
            )
            figures["at_own_prevalence"] = at_own_prevalence(truth[inside], p[inside], lesions[inside])
            if rule and (labels[inside] >= 0).any():
                figures |= diagnosis_figures(
                    calibrated[inside], labels[inside], lesions[inside], rule, taxonomy
                )
            return figures

        domains = {
            f"{source}, {kind}" if source else str(kind): measure(inside, Modality(kind))
            for source, kind in sorted(set(zip(sources[part], modality[part], strict=True)))
            for inside in (part & (sources == source) & (modality == kind),)
        }
        results[split] = (
            {**measure(part & dermoscopic, Modality.DERMOSCOPIC), "domains": domains}
            if (part & dermoscopic).any()
            else {"domains": domains}
        )
    return Judgement(p, calibrations, points, rule, results)


def calibrate_each_modality(
    raw: Floats, truth: Bools, chosen: Bools, rows: pd.DataFrame, taxonomy: Taxonomy
) -> tuple[dict[str, Calibration], Floats]:
    """Calibrations by modality, and the calibrated probabilities (n, k) of raw ones.

    Args:
        chosen: which rows (n,) they are fitted on; where a modality has one side alone, that of dermoscopic images
            stands for it.
    """
    sources, modality = rows["source"].to_numpy(str), rows["modality"].to_numpy(str)
    calibrations: dict[str, Calibration] = {}
    calibrated = raw.copy()
    for name in (Modality.DERMOSCOPIC, Modality.CLOSE_UP):
        inside = modality == name
        fit = chosen & inside
        if truth[fit].any() and not truth[fit].all():
            calibrations[str(name)] = fit_calibration(raw[fit], truth[fit], sources[fit], taxonomy)
        if inside.any():
            known = calibrations.get(str(name)) or calibrations[str(Modality.DERMOSCOPIC)]
            calibrated[inside] = calibrate(raw[inside], known, taxonomy.columns)
    return calibrations, calibrated


def measured_point(point: OperatingPoint, modality: Modality) -> OperatingPoint:
    """A point with the two sides that a modality's figures need: a close-up has one threshold."""
    if modality is not Modality.CLOSE_UP or point.close_up is None:
        return point
    return replace(point, threshold=point.close_up, malignant=point.close_up)


def at_own_prevalence(truth: Bools, p: Floats, lesions: NDArray[np.str_]) -> dict[str, Any]:
    """Whether the probabilities hold after the shift to the prevalence of these images.

    Returns:
        `prevalence`; `slope` of the log odds in a logistic regression of the truth, 1 where they are right; `ratio` of
        malignant images to those expected, with its 95 % interval by lesion. Empty where one side is missing.
    """
    if not truth.any() or truth.all():
        return {}
    prevalence = float(truth.mean())
    shifted = at_prevalence(p, PREVALENCE, prevalence)
    z = np.log(np.clip(shifted, 1e-9, 1)) - np.log(np.clip(1 - shifted, 1e-9, 1))

    def loss(x: Floats) -> float:
        return float(log_loss(truth, 1 / (1 + np.exp(-(x[0] * z + x[1])))).mean())

    slope = minimize(loss, [1.0, 0.0]).x[0]
    ratio = shares.mean_with_interval(truth / shifted.mean(), lesions)
    return {"prevalence": prevalence, "slope": float(slope), "ratio": ratio.as_json()}


def diagnosis_figures(
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
    figures: dict[str, Any] = {}
    for name, choice in chosen.items():
        figures |= shares.balanced_accuracy_by_lesion(labels, choice, len(taxonomy), lesions).fields(name)
        figures[name.replace("balanced_accuracy", "accuracy", 1)] = float((choice == labels).mean())
    return figures


def split_figures(
    truth: Bools,
    p: Floats,
    lesions: NDArray[np.str_],
    points: tuple[OperatingPoint, ...],
    default: OperatingPoint,
    no_result: Bools,
    modality: Modality,
) -> dict[str, Any]:
    """One split's figures from the calibrated probability of malignancy; intervals are by lesion."""
    by_point = {point.name: point_figures(truth, p, lesions, point, no_result, modality) for point in points}
    own = by_point[default.name]
    # Without a result an image counts against the model; of close-ups a cancer is then not found either.
    close = modality is Modality.CLOSE_UP
    deciding = np.where(no_result, np.where(truth & close, -np.inf, np.inf), p)
    cells = confusion(truth, deciding, default.threshold)
    return {
        "images": len(truth),
        "lesions": len(set(lesions)),
        "malignant": int(truth.sum()),
        **bootstrap_auc(truth, p, lesions).fields("auc"),
        **lesion_auc(truth, p, lesions).fields("auc_by_lesion"),
        "confusion": {name: getattr(cells, name) for name in ("tp", "fp", "tn", "fn", "unscored")},
        **{
            f"{name}{end}": None if own[name] is None else own[name][key]
            for name in ("sensitivity", "specificity")
            for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
        },
        **shares.mean_with_interval((p - truth) ** 2, lesions).fields("brier"),
        "brier_of_the_prevalence": brier(truth, np.full(len(truth), truth.mean())),
        "ece": expected_calibration_error(truth, p),
        "reliability": reliability_bins(truth, p, lesions),
        "operating_points": by_point,
    }


def point_figures(
    truth: Bools,
    p: Floats,
    lesions: NDArray[np.str_],
    point: OperatingPoint,
    no_result: Bools,
    modality: Modality,
) -> dict[str, Any]:
    """What one operating point does: rates with intervals, and cases by truth and outcome.

    `sensitivity` and `specificity` take everything from `threshold` on for positive. `sensitivity` is also the coverage
    of the malignant class; `coverage_benign` is the share of benign lesions that are not called malignant. `decided`
    is the share of all images that are not uncertain. A dermoscopic image without a result is not called benign; a
    close-up without one is neither found nor left alone.
    """
    close = modality is Modality.CLOSE_UP
    low = "uncertain" if close else "benign"
    calls = {
        "benign": ~no_result & (p < point.threshold) & (low == "benign"),
        "uncertain": ~no_result & (p < point.malignant) & ((p >= point.threshold) | (low == "uncertain")),
        "malignant": ~no_result & (p >= point.malignant),
        "no_result": no_result,
    }
    left_alone, caught = calls[low], calls["malignant"] if close else ~calls["benign"]
    rates = {
        "sensitivity": (caught, truth, Undefined.NO_MALIGNANT),
        "specificity": (left_alone, ~truth, Undefined.NO_BENIGN),
        "ppv": (truth, caught, Undefined.NONE_CALLED_MALIGNANT),
        "npv": (~truth, left_alone, Undefined.NONE_CALLED_BENIGN),
        "coverage_benign": (~calls["malignant"], ~truth, Undefined.NO_BENIGN),
        "called_malignant": (calls["malignant"], truth, Undefined.NO_MALIGNANT),
        "ppv_malignant": (truth, calls["malignant"], Undefined.NONE_CALLED_MALIGNANT),
        "decided": (~calls["uncertain"] & ~no_result, np.ones(len(truth), bool), Undefined.EMPTY),
    }
    return {
        name: shares.share_by_lesion(hits[of], lesions[of], reason).as_json()
        for name, (hits, of, reason) in rates.items()
    } | {
        "cases": {
            side: {call: int((is_called & of).sum()) for call, is_called in calls.items()}
            for side, of in (("malignant", truth), ("benign", ~truth))
        }
    }


def subgroup_rows(
    truth: Bools,
    p: Floats,
    deciding: Floats,
    lesions: NDArray[np.str_],
    table: pd.DataFrame,
    threshold: float,
) -> list[dict[str, Any]]:
    """Rows of the card's table of subgroups at the default operating point; see `deciding_scores`."""
    return [
        {
            "variable": part.variable,
            "name": part.name,
            "images": part.n,
            "malignant": part.malignant,
            "auc": part.auc.as_json(),
            "sensitivity": part.sensitivity.as_json(),
            "specificity": part.specificity.as_json(),
            "small": part.small,
        }
        for part in subgroups(truth, p, lesions, table, threshold, deciding)
    ]


def reliability_bins(truth: Bools, p: Floats, lesions: NDArray[np.str_]) -> list[dict[str, Any]]:
    """Predicted and observed shares over ten equal bins."""
    return [
        {"low": one.low, "high": one.high, "images": one.n, "predicted": one.predicted}
        | one.observed.fields("observed")
        for one in calibration_bins(truth, p, lesions)
    ]
