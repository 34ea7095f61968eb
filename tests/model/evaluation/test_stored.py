"""Stored scores and histories: calibrated as the card says, and named where they are damaged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.bundle import HISTORY, SCORES, BundleError
from model.evaluation.stored import stored_scores, training_history
from model.taxonomy import HAM10000, LESIONS, Taxonomy
from tests.tiny import signed_again, write_tiny_bundle


@pytest.mark.parametrize("taxonomy", [HAM10000, LESIONS])
def test_scores_are_calibrated_and_summed(tmp_path: Path, taxonomy: Taxonomy) -> None:
    bundle = write_tiny_bundle(tmp_path, taxonomy=taxonomy)
    assert bundle.card.taxonomy == taxonomy
    scores = stored_scores(bundle)
    classes = scores[[f"p_{code}" for code in taxonomy.codes]].to_numpy()
    np.testing.assert_allclose(classes.sum(axis=1), 1)
    np.testing.assert_allclose(scores["probability"], classes[:, taxonomy.columns].sum(axis=1))
    assert (scores["malignant"] == scores["label"].isin(list(taxonomy.malignant))).all()
    assert not np.allclose(scores["probability"], scores["raw_probability"])


def spoilt(rows: pd.DataFrame, how: str) -> pd.DataFrame:
    """Stored scores with one fault."""
    if how == "no column":
        return rows.drop(columns="lesion_id")
    if how == "no class":
        return rows.drop(columns="raw_mel")
    if how == "words":
        return rows.assign(raw_mel="high")
    if how == "beyond":
        return rows.assign(raw_mel=rows["raw_mel"] + 2)
    return rows.assign(image_id=[None, *rows["image_id"][1:]])


@pytest.mark.parametrize("how", ["no column", "no class", "words", "beyond", "no name", "no table", "empty"])
def test_scores_that_are_none_are_named(tmp_path: Path, how: str) -> None:
    path = write_tiny_bundle(tmp_path).path
    if how in ("no table", "empty"):
        (path / SCORES).write_bytes(b"PAR1 nothing" if how == "no table" else b"")
    else:
        spoilt(pd.read_parquet(path / SCORES), how).to_parquet(path / SCORES)
    with pytest.raises(BundleError, match=r"tiny: scores\.parquet"):
        stored_scores(signed_again(path))


def test_a_history_that_is_none_is_named(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path).path
    (path / HISTORY).write_text("{epoch")
    with pytest.raises(BundleError, match=r"history\.jsonl cannot be read"):
        training_history(signed_again(path))
