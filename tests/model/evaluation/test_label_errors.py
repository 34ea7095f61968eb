"""Confident learning, checked against label errors that were planted."""

import numpy as np

from model.evaluation.label_errors import likely_label_errors


def planted(
    n: int = 2000, classes: int = 4, share: float = 0.05
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of which some were changed, probabilities of a good model of the true ones, and which were changed."""
    rng = np.random.default_rng(0)
    truth = rng.choice(classes, n, p=[0.6, 0.2, 0.15, 0.05])
    logits = rng.normal(0, 1, (n, classes))
    logits[np.arange(n), truth] += 4
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = rng.random(n) < share
    labels = np.where(wrong, (truth + rng.integers(1, classes, n)) % classes, truth)
    return labels, p, wrong


def test_planted_errors_are_found_and_little_else() -> None:
    labels, p, wrong = planted()
    found = likely_label_errors(labels, p)
    hit = wrong[found]
    assert hit.sum() / wrong.sum() > 0.7
    assert hit.mean() > 0.95


def test_right_labels_of_a_sure_model_are_left_alone() -> None:
    labels, p, _ = planted(share=0)
    assert len(likely_label_errors(labels, p)) < 0.03 * len(labels)


def test_what_has_no_label_or_no_probability_is_never_listed() -> None:
    labels, p, _ = planted(200)
    labels[:50], p[50:100] = -1, np.nan
    assert likely_label_errors(labels, p).min(initial=100) >= 100
    assert likely_label_errors([], np.zeros((0, 3))).size == 0
