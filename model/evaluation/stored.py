"""What training left in a bundle to look at: its history, and the scores of every evaluated image."""

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model.bundle import HISTORY, SCORES, Bundle, BundleError
from model.calibration import calibrate
from model.modality import Modality
from model.taxonomy import Taxonomy

# The run whose network ships, among those whose scores are stored.
MAIN = "main"
SCORE_COLUMNS = ("split", "image_id", "lesion_id", "label", "age", "sex", "site", "confirmation")


def training_history(bundle: Bundle) -> pd.DataFrame:
    """One row an epoch as training wrote it; empty where none is stored. Raises BundleError for a damaged one."""
    if HISTORY not in bundle.card.files:
        return pd.DataFrame()
    lines = bundle.read(HISTORY)
    try:
        return pd.read_json(io.BytesIO(lines), lines=True)
    except ValueError as error:
        raise BundleError(f"{bundle.name}: {HISTORY} cannot be read ({error}).") from error


def stored_scores(bundle: Bundle, modality: str = Modality.DERMOSCOPIC, run: str = MAIN) -> pd.DataFrame:
    """One row an evaluated image of one modality.

    Args:
        run: MAIN, or the source that a run was trained without.

    Returns:
        SCORE_COLUMNS, `malignant` (bool, the truth), `probability` (calibrated, of malignancy), `raw_probability`
        (before calibration) and p_<code> for each diagnosis of the card (calibrated; NaN for a binary model).
        Empty where no scores are stored.

    Raises:
        BundleError: the file is damaged, or does not hold what it has to.
    """
    if SCORES not in bundle.card.files:
        return pd.DataFrame()
    data, taxonomy = bundle.read(SCORES), bundle.card.taxonomy
    names = [f"raw_{code}" for code in bundle.card.classes]
    try:
        rows = pd.read_parquet(io.BytesIO(data))
        check_scores(rows)
        # Formats 1 and 2 knew dermoscopic images of one source alone.
        wanted = {"run": (run, MAIN), "modality": (modality, str(Modality.DERMOSCOPIC))}
        for name, (value, usual) in wanted.items():
            column = rows.pop(name) if name in rows else pd.Series(usual, index=rows.index)
            rows = rows[column == value]
        rows = rows.reset_index(drop=True)
        raw = rows[names].to_numpy(np.float64)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise BundleError(f"{bundle.name}: {SCORES} cannot be read ({error}).") from error
    if (raw < 0).any() or (raw > 1 + 1e-6).any():
        raise BundleError(f"{bundle.name}: {SCORES} has probabilities that are none.")
    calibrated = calibrate(raw, bundle.card.calibration(modality), taxonomy.columns)
    rows = rows.drop(columns=names)
    rows["malignant"] = truth_of(rows, taxonomy)
    rows["probability"] = taxonomy.malignancy(calibrated)
    rows["raw_probability"] = taxonomy.malignancy(raw)
    for index, code in enumerate(taxonomy.codes):
        rows[f"p_{code}"] = calibrated[:, index] if len(bundle.card.classes) > 1 else np.nan
    return rows


def stored_kinds(bundle: Bundle) -> dict[tuple[str, str, str], int]:
    """How many rows are stored of each modality, run and split. Raises BundleError for a damaged file."""
    if SCORES not in bundle.card.files:
        return {}
    data = io.BytesIO(bundle.read(SCORES))
    usual = {"modality": str(Modality.DERMOSCOPIC), "run": MAIN}
    try:
        stored = [name for name in (*usual, "split") if name in pq.read_schema(data).names]
        rows = pd.read_parquet(data, columns=stored)
    except (ValueError, OSError) as error:
        raise BundleError(f"{bundle.name}: {SCORES} cannot be read ({error}).") from error
    rows = rows.assign(**{name: value for name, value in usual.items() if name not in rows})
    counts = rows.groupby([*usual, "split"]).size()
    return {(str(a), str(b), str(c)): int(n) for (a, b, c), n in zip(counts.index, counts, strict=True)}


def deciding_scores(rows: pd.DataFrame) -> NDArray[np.float64]:
    """What decisions on dermoscopic images are taken by, (n,): the probability, as `stored_scores` has it.

    Infinite for an image without a result: nobody calls it benign, whatever the threshold.
    """
    scores = rows["probability"].to_numpy(np.float64)
    return np.where(rows["no_result"].to_numpy(bool), np.inf, scores) if "no_result" in rows else scores


def truth_of(rows: pd.DataFrame, taxonomy: Taxonomy) -> "pd.Series[bool]":
    """Which lesions are malignant: by their label; where that is no diagnosis, as a column `malignant` says."""
    by_label = rows["label"].isin(list(taxonomy.malignant))
    if "malignant" not in rows:
        return by_label
    return by_label.where(rows["label"].isin(list(taxonomy.codes)), rows["malignant"]).astype(bool)


def check_scores(rows: pd.DataFrame) -> None:
    """Raise ValueError where stored scores lack a column, or an image has no name."""
    missing = [name for name in ("split", "image_id", "lesion_id", "label") if name not in rows]
    if missing:
        raise ValueError(f"there is no column {missing[0]}")
    if rows[["split", "image_id", "label"]].isna().any(axis=None):
        raise ValueError("a row has no split, image or label")
