"""The joint loss against sums written out by hand."""

import numpy as np
import pytest

from model.taxonomy import CODES, MALIGNANT
from training.losses import JointLoss

pytestmark = pytest.mark.slow


def test_the_joint_loss_adds_the_binary_question() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (5, 7)).astype(np.float32)
    targets = rng.dirichlet(np.ones(7), 5).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    plain = -(targets * np.log(shares)).sum(1)
    columns = [index for index, code in enumerate(CODES) if code in MALIGNANT]
    p, truth = shares[:, columns].sum(1), targets[:, columns].sum(1)
    binary = -(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    assert float(JointLoss()(targets, logits)) == pytest.approx(plain.mean(), rel=1e-4)
    assert float(JointLoss(0.5)(targets, logits)) == pytest.approx((plain + 0.5 * binary).mean(), rel=1e-4)
