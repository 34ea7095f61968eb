"""Temperature scaling against its definition."""

import numpy as np
import pytest

from model.calibration import temper


def test_one_changes_nothing() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(7), 50)
    np.testing.assert_allclose(temper(p, 1.0), p, atol=1e-9)


@pytest.mark.parametrize("temperature", [0.5, 1.7])
def test_divides_logits(temperature: float) -> None:
    logits = np.random.default_rng(1).normal(0, 3, (50, 7))
    softmax = lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)  # noqa: E731
    np.testing.assert_allclose(temper(softmax(logits), temperature), softmax(logits / temperature), atol=1e-7)
    z = logits[:, :1]
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    np.testing.assert_allclose(temper(sigmoid(z), temperature), sigmoid(z / temperature), atol=1e-9)


def test_saturated_probabilities_stay_finite() -> None:
    assert np.isfinite(temper([[1.0, 0.0]], 0.1)).all()
    assert np.isfinite(temper(np.array([[1.0], [0.0]], np.float32), 0.1)).all()
