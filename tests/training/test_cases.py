"""Cases and splits: no lesion and no duplicate image may ever cross from one split into another."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.cases import CasesError, assign_splits, find_images, lesion_groups, read_metadata, split_digest

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization\n"


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


def test_metadata_reads_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "HAM10000_metadata.csv"
    path.write_text(HEADER + "HAM_1,ISIC_1,mel,histo,,unknown,back\nHAM_2,ISIC_2,nv,follow_up,45.0,male,\n")
    table = read_metadata(path)
    assert list(table["label"]) == ["mel", "nv"] and list(table["site"]) == ["back", "unknown"]
    assert np.isnan(table["age"][0])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lesion_id,image_id\na,b\n", "lacks the columns"),
        (HEADER + "a,b,cat,histo,5,male,back\n", "cat"),
        (HEADER + "a,b,mel,histo,5,male,back\na,b,mel,histo,5,male,back\n", "more than once"),
    ],
)
def test_unusable_metadata_says_why(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(CasesError, match=says):
        read_metadata(path)


def test_images_are_found_in_several_folders(tmp_path: Path) -> None:
    for name in ("one/a.jpg", "two/deep/a.PNG", "two/b.jpg", "two/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_images([tmp_path / "two", tmp_path / "one"])
    assert {name: len(paths) for name, paths in found.items()} == {"a": 2, "b": 1}
    assert found["a"][0].name == "a.PNG"
