"""ROC bands against plain resampling, net benefit against its definition, and both where they do not exist."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from model import benefit
from tests.model.test_metrics import NASTY, cases


@pytest.mark.parametrize("decimals", [1, 6])
def test_band_agrees_with_a_plain_resampling_of_lesions(decimals):
    y, p = cases(11, n=200, decimals=decimals)
    lesions = np.random.default_rng(0).integers(0, 120, 200)
    band = benefit.bootstrap_roc(y, p, lesions, n=600, seed=3)
    random, names = np.random.default_rng(5), np.unique(lesions)
    rows = [np.flatnonzero(lesions == name) for name in names]
    plain = []
    for _ in range(600):
        drawn = np.concatenate([rows[i] for i in random.integers(0, names.size, names.size)])
        fpr, tpr, _ = roc_curve(y[drawn], p[drawn], drop_intermediate=False)
        # The highest sensitivity that some threshold reaches with at most this many alarms.
        plain.append([tpr[fpr <= x + 1e-12].max() for x in benefit.RATES])
    low, high = np.quantile(plain, (0.025, 0.975), axis=0)
    assert np.abs(band.low - low).mean() < 0.015
    assert np.abs(band.high - high).mean() < 0.015
    assert (band.low <= band.high).all()
    assert (band.low[-1], band.high[-1]) == (1, 1)


@pytest.mark.parametrize(("y", "p", "reason"), NASTY.values(), ids=NASTY.keys())
def test_undefined_cases_have_no_curves(y, p, reason):
    assert benefit.bootstrap_roc(y, p, range(len(y)), n=5).x.size == 0
    assert benefit.net_benefit(y, p, [0.1, 0.2]).model.size == 0


def test_net_benefit_by_its_definition():
    y, p = cases(3)
    cuts = [0.0, 0.05, 0.2, 0.5, 0.9]
    found = benefit.net_benefit(y, p, cuts)
    for place, cut in enumerate(cuts):
        gain = sum(1 if true else -cut / (1 - cut) for true, score in zip(y, p, strict=True) if score >= cut)
        assert found.model[place] == pytest.approx(gain / y.size)
        everyone = sum(1 if true else -cut / (1 - cut) for true in y)
        assert found.treat_all[place] == pytest.approx(everyone / y.size)
    # Calling everybody is the model itself at a threshold that all reach.
    assert found.model[0] == found.treat_all[0] == y.mean()


def test_treating_all_is_worth_nothing_where_the_threshold_is_the_prevalence():
    y, p = cases(4)
    assert benefit.net_benefit(y, p, [y.mean()]).treat_all[0] == pytest.approx(0)
