"""The joint loss against sums written out by hand."""

import numpy as np
import pytest

from model.taxonomy import LESIONS
from training.losses import JointLoss

pytestmark = pytest.mark.slow

MALIGNANT = [diagnosis.malignant for diagnosis in LESIONS]


def test_the_joint_loss_adds_the_binary_question() -> None:
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
    targets = np.column_stack([known, truth])
    assert plain[4] == 0 < binary[4]
    assert float(JointLoss(MALIGNANT)(targets, logits)) == pytest.approx(plain.mean(), rel=1e-4)
    joint = JointLoss(MALIGNANT, 0.5)
    assert float(joint(targets, logits)) == pytest.approx((plain + 0.5 * binary).mean(), rel=1e-4)
    assert JointLoss.from_config(joint.get_config()).malignant == tuple(MALIGNANT)
