"""Sensitivity and specificity of a model in use, against a published example."""

import math

import pytest

from model.evaluation.intervals import Undefined
from model.evaluation.metrics import Confusion
from model.evaluation.verification import Live


def test_published_example() -> None:
    """Drum & Christacopoulos (1972), hepatic scintigraphy, as corrected by Begg & Greenes (1983)."""
    live = Live(Confusion(tp=231, fp=32, tn=54, fn=27), positive=429, negative=221)
    assert live.verified.sensitivity.value == pytest.approx(0.895, abs=5e-4)
    assert live.verified.specificity.value == pytest.approx(0.628, abs=5e-4)
    assert live.sensitivity.value == pytest.approx(0.836, abs=1e-3)
    assert live.specificity.value == pytest.approx(0.738, abs=1e-3)
    # Standard errors by the delta method, 0.0253 and 0.0315 on the plain scale.
    for one in (live.sensitivity, live.specificity):
        assert one.low < one.value < one.high
        assert 0.03 < one.high - one.low < 0.16


def test_nothing_changes_when_everybody_is_verified() -> None:
    counts = Confusion(tp=40, fp=30, tn=100, fn=5)
    live = Live(counts, positive=70, negative=105)
    assert live.sensitivity.value == pytest.approx(counts.sensitivity.value)
    assert live.specificity.value == pytest.approx(counts.specificity.value)


def test_one_decision_never_checked_is_said() -> None:
    live = Live(Confusion(tp=9, fp=4, tn=0, fn=0), positive=20, negative=200)
    assert live.sensitivity.reason is Undefined.ONE_SIDED
    assert live.specificity.reason is Undefined.ONE_SIDED
    assert "only one of the two decisions" in live.sensitivity.reason.sentence


def test_no_miss_has_no_interval() -> None:
    live = Live(Confusion(tp=9, fp=4, tn=12, fn=0), positive=20, negative=200)
    assert live.sensitivity.value == 1 and math.isnan(live.sensitivity.low)


def test_what_has_no_cases_has_no_value() -> None:
    live = Live(Confusion(0, 0, 0, 0), positive=3, negative=4)
    assert live.sensitivity.reason is Undefined.NO_MALIGNANT
    assert live.specificity.reason is Undefined.NO_BENIGN
    with pytest.raises(ValueError, match="more lesions"):
        Live(Confusion(4, 0, 0, 0), positive=3, negative=4)
