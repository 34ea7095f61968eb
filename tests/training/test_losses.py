"""The joint loss against sums written out by hand."""

import numpy as np
import pytest

from model.taxonomy import LESIONS
from training.losses import JointLoss

pytestmark = pytest.mark.slow

MALIGNANT = [diagnosis.malignant for diagnosis in LESIONS]


def test_the_joint_loss_adds_malignancy_and_modality() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (5, 8)).astype(np.float32)
    known = rng.dirichlet(np.ones(8), 5).astype(np.float32)
    # One image's diagnosis is none of the network's: it teaches malignant against benign alone.
    known[4] = 0
    truth = np.array([1, 0, 0.3, 0, 1], np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    plain = -(known * np.log(shares)).sum(1)
    p = shares[:, LESIONS.columns].sum(1)
    binary = -(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    close_up = rng.normal(0, 2, 5).astype(np.float32)
    close = np.array([0, 1, 0, 0, 1], np.float32)
    modality = np.log1p(np.exp(close_up)) - close * close_up
    targets = np.column_stack([known, close, truth])
    outputs = np.column_stack([logits, close_up])
    assert plain[4] == 0 < binary[4]
    assert float(JointLoss(MALIGNANT)(targets, outputs)) == pytest.approx(plain.mean(), rel=1e-4)
    joint = JointLoss(MALIGNANT, 0.5, 0.25)
    whole = (plain + 0.5 * binary + 0.25 * modality).mean()
    assert float(joint(targets, outputs)) == pytest.approx(whole, rel=1e-4)
    again = JointLoss.from_config(joint.get_config())
    assert float(again(targets, outputs)) == pytest.approx(whole, rel=1e-4)
