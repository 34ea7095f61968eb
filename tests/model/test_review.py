"""A review of one model on one split: computed once, exact where the browser counts along, odd scores said."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from model import review as reviews
from model.bundle import Bundle, open_bundle, write_bundle
from model.intervals import Undefined
from model.taxonomy import CODES
from tests.dashboard.performance.reading import rewritten
from tests.tiny import write_tiny_bundle


def test_browser_gets_the_counts_of_every_slider_position(bundle_root):
    shown = reviews.review(open_bundle(bundle_root / "tiny"), "test")
    sweep = shown.sweep()
    assert len(sweep["tp"]) == len(sweep["fp"]) == len(sweep["thresholds"]) == 1001
    for place in (0, 123, 300, 999, 1000):
        at = shown.confusion(place * reviews.STEP)
        assert (sweep["tp"][place], sweep["fp"][place]) == (at.tp, at.fp)
    assert (sweep["malignant"], sweep["benign"]) == (int(shown.truth.sum()), int((~shown.truth).sum()))
    json.dumps(sweep, allow_nan=False)


def test_slider_snaps_to_the_models_own_threshold(bundle_root):
    shown = dataclasses.replace(reviews.review(open_bundle(bundle_root / "tiny"), "test"), threshold=0.21234)
    assert shown.probability(21.2) == 0.21234
    assert shown.probability(21.3) == 0.213
    assert shown.sweep()["thresholds"][212] == 0.21234


def test_scores_are_read_once(bundle_root, monkeypatch):
    bundle = open_bundle(bundle_root / "tiny")
    first = reviews.review(bundle, "test")
    monkeypatch.setattr(Bundle, "scores", lambda _: pytest.fail("read again"))
    assert reviews.review(open_bundle(bundle_root / "tiny"), "test") is first


def test_lesions_are_counted_not_images(bundle_root):
    shown = reviews.review(open_bundle(bundle_root / "tiny"), "test")
    assert shown.truth.size == 150
    assert shown.lesions == 75


def test_missing_scores_leave_no_number(tmp_path):
    def spoil(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[1, [f"raw_{code}" for code in CODES]] = np.nan
        return rows

    shown = reviews.review(rewritten(tmp_path, "spoilt", spoil), "test")
    at = shown.confusion(30)
    assert at.unscored == 1
    assert shown.area.reason is Undefined.UNSCORED
    assert shown.matrix is not None
    assert shown.matrix.sum() == 149
    assert shown.sweep()["unscored"] == 1


def test_unknown_lesions_stand_for_themselves(tmp_path):
    bundle = rewritten(tmp_path, "nameless", lambda rows: rows.assign(lesion_id=None))
    assert reviews.review(bundle, "test").lesions == 150


def test_binary_model_has_no_seven_class_matrix(tmp_path):
    def binary(rows: pd.DataFrame) -> pd.DataFrame:
        kept = rows.drop(columns=[f"raw_{code}" for code in CODES])
        return kept.assign(raw_malignant=rows["raw_mel"])

    bundle = rewritten(tmp_path, "binary", binary, classes=("malignant",))
    assert reviews.review(bundle, "test").matrix is None


def test_best_epoch_comes_from_the_card_else_from_validation(tmp_path):
    told = write_tiny_bundle(tmp_path, "told", graph=False)
    assert reviews.best_epoch(told) == 5
    silent = rewritten(tmp_path, "silent", lambda rows: rows, training={})
    assert reviews.best_epoch(silent) == 5
    assert reviews.best_epoch(write_bundle(tmp_path / "bare", silent.card, {})) is None
