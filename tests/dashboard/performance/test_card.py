"""Model card and robustness table, as the bundle's card says."""

import dataclasses

from dashboard.components.review import card, robustness
from model.bundle import open_bundle
from tests.dashboard.performance.reading import find, text


def test_model_card_says_what_the_bundle_says(page, bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    words = text(find(page.layout(), "model-card"))
    told = [bundle.card.purpose, bundle.card.licence, bundle.card.sha256, "1.300", "drawn", "0" * 64]
    for fact in (*told, *bundle.card.files, *bundle.card.files.values()):
        assert fact in words
    for point in bundle.card.operating_points:
        assert f"{100 * point.sensitivity:g} %" in words
    assert "for tests and demonstrations only" in words


def test_model_card_reads_nested_and_missing_facts(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    odd = {"versions": {"keras": "3.15", "numpy": "2.3"}, "seeds": [1, 2], "rate": 0.001, "note": None}
    words = text(card.card(dataclasses.replace(bundle.card, training=odd, synthetic=False, files={})))
    for fact in ("keras 3.15, numpy 2.3", "1, 2", "0.001", "None", "Not stated."):
        assert fact in words


def test_robustness_is_a_table_of_whatever_the_card_holds():
    assert robustness.panel(()) is None
    rows = (
        {"change": "blur", "auc": 0.91234, "n": 1200},
        {"change": "dark", "auc": None, "difference_auc": -0.02},
    )
    words = text(robustness.panel(rows))
    for fact in ("blur", "0.912", "1,200", "dark", "–", "−0.020", "AUC", "Difference auc"):
        assert fact in words
