"""Net benefit against its definition, and where it does not exist."""

import pytest

from model.evaluation.figures import benefit
from model.evaluation.metrics import sweep_scores
from tests.model.evaluation.test_metrics import NASTY, cases


@pytest.mark.parametrize(("y", "p", "reason"), NASTY.values(), ids=NASTY.keys())
def test_undefined_cases_have_no_curve(y, p, reason):
    assert benefit.net_benefit(sweep_scores(y, p), [0.1, 0.2])[0].size == 0


def test_net_benefit_by_its_definition():
    y, p = cases(3)
    cuts = [0.0, 0.05, 0.2, 0.5, 0.9]
    model, treat_all = benefit.net_benefit(sweep_scores(y, p), cuts)
    for place, cut in enumerate(cuts):
        gain = sum(1 if true else -cut / (1 - cut) for true, score in zip(y, p, strict=True) if score >= cut)
        assert model[place] == pytest.approx(gain / y.size)
        everyone = sum(1 if true else -cut / (1 - cut) for true in y)
        assert treat_all[place] == pytest.approx(everyone / y.size)
    # Calling everybody is the model itself at a threshold that all reach.
    assert model[0] == treat_all[0] == y.mean()


def test_treating_all_is_worth_nothing_where_the_threshold_is_the_prevalence():
    y, p = cases(4)
    assert benefit.net_benefit(sweep_scores(y, p), [y.mean()])[1][0] == pytest.approx(0)
