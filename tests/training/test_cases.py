"""Cases and splits: no lesion and no duplicate image may ever cross from one split into another."""

import numpy as np
import pandas as pd

from training.cases import assign_splits, lesion_groups, split_digest


def cases(count: int = 3000) -> pd.DataFrame:
    """Cases of lesions with one to four images; every hundredth image is a copy of one in another lesion."""
    rng = np.random.default_rng(0)
    lesions = [f"L{number:05}" for number in np.repeat(np.arange(count), rng.integers(1, 5, count))[:count]]
    labels = rng.choice(["nv", "mel", "bkl"], count, p=[0.7, 0.1, 0.2])
    first = dict(zip(lesions, labels, strict=True))
    digests = [f"{number - 50 if number % 100 == 99 else number}" for number in range(count)]
    table = pd.DataFrame(
        {"image_id": [f"I{number:05}" for number in range(count)], "lesion_id": lesions, "sha256": digests}
    )
    return table.assign(label=table["lesion_id"].map(first))


def split(table: pd.DataFrame, key: str = "k") -> pd.Series:
    return assign_splits(lesion_groups(table["lesion_id"], table["sha256"]), table["label"], key)


def test_no_lesion_and_no_duplicate_crosses() -> None:
    table = cases()
    table["split"] = split(table)
    assert table.groupby("lesion_id")["split"].nunique().max() == 1
    assert table.groupby("sha256")["split"].nunique().max() == 1
    assert table["sha256"].duplicated().any()


def test_shares_hold_in_every_diagnosis() -> None:
    table = cases()
    table["split"] = split(table)
    shares = pd.crosstab(table["label"], table["split"], normalize="index")
    np.testing.assert_allclose(shares["train"], 0.70, atol=0.03)
    np.testing.assert_allclose(shares["test"], 0.15, atol=0.03)


def test_order_does_not_matter_but_the_key_does() -> None:
    table = cases()
    shuffled = table.sample(frac=1, random_state=1)
    assert split(shuffled).sort_index().equals(split(table))
    assert not split(table, "another").equals(split(table))


def test_the_split_never_changes() -> None:
    """Written down once: another answer here would make every stored score incomparable."""
    table = cases(40).assign(split=lambda table: split(table, "dermaboard-1"))
    assert split_digest(table) == "8f497dd87198ff457ed2a214e075b6220cefcf3694884b0f688deef65a2920c5"


def test_chains_of_duplicates_become_one_group() -> None:
    lesions = pd.Series(["a", "b", "b", "c", "d"])
    assert list(lesion_groups(lesions, pd.Series(["1", "1", "2", "2", "3"]))) == ["a", "a", "a", "a", "d"]
