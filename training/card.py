"""The card of a run: everything that a reviewer asks of a model, gathered from what the run left behind."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from model.bundle import HISTORY, Card, OperatingPoint
from model.calibration import Calibration
from model.taxonomy import Taxonomy, taxonomy_from_json
from training.cases import split_digest
from training.machine import training_facts
from training.openings import openings_of_split
from training.pixels import PixelStore
from training.recipes import Recipe
from training.runs import FACTS, JUDGED

INTENDED = (
    "Supports a clinician who looks at a photograph of one skin lesion, as a second opinion on whether it is "
    "suspicious of malignancy: best a dermoscopic one; a close-up is answered too, but never as benign.",
    "For research, teaching and the comparison of methods.",
)
NOT_FOR = (
    "A diagnosis on its own. A benign result does not rule out cancer; a lesion that changes, bleeds or worries its "
    "bearer needs to be examined whatever the model says.",
    "Screening without a clinician, triage without review, or any decision taken automatically.",
    "Nails, mucosa, wounds, rashes, or anything else that is not one lesion of the skin.",
)
LIMITS = (
    "The sources share clinics, cameras and years between training and test: other hospitals are usually worse, as the "
    "figures of sources that a run never saw show. Where a source shows no such figure, nothing is known of others.",
    "The source predicts the label in these data (from one in five malignant to four in five), and so do resolution "
    "and framing. Training draws them alike; the card says how well the network still knows the source.",
    "The close-ups were taken in clinics, of lesions that were biopsied. Telephones at home were not measured.",
    "Bowen's disease counts as akiec. One source's squamous cell carcinomas may hold Bowen's disease too; they, and "
    "all that is none of the diagnoses, teach malignant against benign alone.",
    "Actinic keratosis and Bowen's disease count as malignant: they are pre-malignant or in situ, and the literature "
    "on these sets counts them so.",
    "Most malignant lesions were confirmed by histology, many nevi by follow-up or consensus: the easy nevi are easier "
    "than those a clinic would excise, so specificity on histologically confirmed lesions is lower.",
    "A probability holds at the prevalence that the card names. At another one it has to be shifted, and predictive "
    "values differ.",
)
NOT_STATED = "not stated"
# Facts of a card that follow from stored scores alone.
JUDGED_FACTS = ("elsewhere", "measured_on")
DRAWN_LIMITS = ("Trained on drawn lesions: it knows nothing of skin.",)


def make_card(
    name: str,
    made_as: str,
    recipe: Recipe,
    store: PixelStore,
    data: Path,
    run: Path,
    difference: float | None,
) -> Card:
    """The card of an evaluated run.

    Args:
        name, made_as: of the bundle: its name and version.
        data: folder of the prepared data, for the log of openings beside it.
        run: folder with run.json, machines.json, history.jsonl and evaluation.json.
        difference: largest difference of the exported graph from Keras; None without weights.
    """
    evaluation: dict[str, Any] = json.loads((run / "evaluation.json").read_text())
    drawn = bool(store.cases["image_id"].str.startswith("DRAWN_").all())
    digest = split_digest(store.cases)
    taxonomy = taxonomy_from_json(evaluation["taxonomy"])
    return Card(
        name=name,
        version=made_as,
        purpose=recipe.purpose,
        input_size=recipe.stages[-1].size,
        taxonomy=taxonomy,
        classes=tuple(evaluation["classes"]),
        training={
            "data": joined_words(store.cases["source"]),
            "images": len(store.cases),
            "lesions": int(store.cases["lesion_id"].nunique()),
            "split": "70/15/15 by lesion, stratified by diagnosis, from a keyed hash of the lesion id",
            "split_sha256": digest,
            "exports": sorted(set(store.cases.get("export", pd.Series(dtype=str))) - {""}),
            **training_record(run, recipe),
            "largest_difference_from_keras": difference,
        },
        licence=joined_words(store.cases["licence"]),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        synthetic=drawn,
        robustness=tuple(evaluation["robustness"]),
        facts={
            "intended_use": list(INTENDED),
            "not_for": list(NOT_FOR),
            "limits": list(DRAWN_LIMITS)
            if drawn
            else [*LIMITS, skin_tone_limit(store.cases), forced_choice_limit(taxonomy)],
            "cases": case_counts(store.cases),
            **{name: evaluation[name] for name in JUDGED_FACTS},
            "reproduce": f"python -m training reproduce {recipe.name}",
            "openings": openings_of_split(data, digest),
        },
        **judged_fields(evaluation),
    )


def training_record(run: Path, recipe: Recipe) -> dict[str, Any]:
    """What a card says of how a run went: recipe, seed, start, best epoch of the last stage with one, time, machine."""
    facts: dict[str, Any] = json.loads((run / FACTS).read_text())
    history = pd.read_json(run / HISTORY, lines=True)
    last = history.tail([stage.epochs for stage in recipe.stages if stage.epochs][-1])
    return {
        **{name: facts[name] for name in ("recipe", "seed", "init")},
        "best_epoch": int(last["epoch"].iloc[int(last[JUDGED].argmax())]),
        "seconds": float(history["seconds"].sum()),
        **training_facts(run),
    }


def skin_tone_limit(cases: pd.DataFrame) -> str:
    """What is known of how the model does by skin tone, by how many images there are of each."""
    counts = cases["skin_tone"].dropna().astype(int).value_counts()
    if counts.empty:
        return "Skin tone is not recorded in the data: nothing can be said about how the model does by it."
    listed = ", ".join(f"{counts.get(tone, 0):,} of class {tone}" for tone in range(6))
    return (
        f"Skin tone (0 very dark to 5 very light) is recorded for {counts.sum():,} of {len(cases):,} images: {listed}. "
        "Below class 2 next to nothing is known."
    )


def forced_choice_limit(taxonomy: Taxonomy) -> str:
    """The limit that its diagnoses are to a network."""
    names = ", ".join(diagnosis.name for diagnosis in taxonomy)
    return f"Only these {len(taxonomy)} diagnoses: {names}. What is none of them is forced into one of them."


def judged_fields(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a card that follow from stored scores alone, from `Evaluation.as_facts` or what JSON made of it."""
    return {
        "calibrations": {name: Calibration(**stated) for name, stated in evaluation["calibrations"].items()},
        "operating_points": tuple(OperatingPoint(**point) for point in evaluation["operating_points"]),
        "operating_point": evaluation["operating_point"],
        "balanced_rule": evaluation["balanced_rule"],
        "results": evaluation["results"],
        "subgroups": tuple(evaluation["subgroups"]),
    }


def joined_words(words: pd.Series) -> str:
    """What each image says, once each, in the order of the table; "not stated" where none says anything."""
    return "; ".join(word for word in words.unique() if word) or NOT_STATED


def case_counts(cases: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Images by split and diagnosis, and lesions by split."""
    counts = cases.groupby(["split", "label"], observed=True).size()
    by_split = {
        str(split): {str(label): int(n) for label, n in part.droplevel(0).items()}
        for split, part in counts.groupby(level=0, observed=True)
    }
    lesions = cases.groupby("split", observed=True)["lesion_id"].nunique()
    return {
        split: {"images": sum(by_label.values()), "lesions": int(lesions[split]), **by_label}
        for split, by_label in by_split.items()
    }
