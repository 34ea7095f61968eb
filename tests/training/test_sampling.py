"""What an epoch draws: the same share of malignant images from every source, rare diagnoses more often."""

import numpy as np
import pandas as pd
import pytest

from training.sampling import odds_by_label, odds_by_source


def cases() -> pd.DataFrame:
    """A source where one in five is malignant, one where four in five are, in smaller pictures, and one of cancers."""
    parts = [
        ("first", "nv", False, 800, 256),
        ("first", "mel", True, 200, 256),
        ("second", "df", False, 20, 128),
        ("second", "nv", False, 30, 128),
        ("second", "unknown", True, 200, 128),
        ("cancers", "scc", True, 100, 256),
    ]
    rows = [
        {"domain": domain, "label": label, "malignant": malignant, "height": side, "width": 2 * side}
        for domain, label, malignant, count, side in parts
        for _ in range(count)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def test_no_source_tells_what_is_malignant() -> None:
    table = cases().assign(odds=lambda rows: odds_by_source(rows, 0.4, 0.5))
    drawn = table.groupby(["domain", "malignant"])["odds"].sum().unstack(fill_value=0)
    share = drawn[True] / drawn.sum(axis=1)
    assert table["odds"].sum() == pytest.approx(1)
    assert share["first"] == pytest.approx(0.4) and share["second"] == pytest.approx(0.4)
    assert share["cancers"] == 1
    # Twice the resolution and four times the images: four times as often.
    assert drawn.loc["first"].sum() / drawn.loc["second"].sum() == pytest.approx(2 * np.sqrt(1000 / 250))


def test_rare_diagnoses_are_drawn_more_often() -> None:
    table = cases().assign(odds=lambda rows: odds_by_source(rows, 0.4, 0.5))
    second = table[table["domain"] == "second"].groupby("label")["odds"].sum()
    assert second["df"] / second["nv"] == pytest.approx(np.sqrt(20 / 30))
    labels = pd.Series(["nv"] * 90 + ["mel"] * 10)
    for balance, share in ((0.0, 0.1), (0.5, 0.25), (1.0, 0.5)):
        assert odds_by_label(labels, balance)[90:].sum() == pytest.approx(share)
