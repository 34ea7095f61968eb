"""Images decoded once into arrays on disk, with the code that also serves.

Two arrays, because resolution may depend on the label, and a network would learn sharpness instead of lesions:
`sharp.npy` holds every image at the store's size, `common.npy` at the resolution of the least sharp one. Evaluation
reads `common` alone; training mixes in `sharp` with the same probability for every diagnosis (see `sharp_odds`).
"""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from tqdm import tqdm

from model.cores import usable_cores
from model.images import ImageError, Photograph, decode, square
from model.taxonomy import CODES
from training.cases import CasesError, assign_splits, lesion_groups
from training.duplicates import near_duplicates, one_side

STORE_SIZE = 224
SPLIT_KEY = "dermaboard-1"
DUPLICATES = "near-duplicates.csv"


@dataclass(frozen=True)
class PixelStore:
    """A prepared data set.

    Attributes:
        cases: one row an image: the columns of `training.cases`, `sha256`, `group`, `split` and `detail` (its
            shorter side in pixels, at most the store's size).
        facts: `source` and `licence` of the data.
        sharp: uint8 (n, 224, 224, 3), memory-mapped.
        common: uint8 (n, c, c, 3), where c is the smallest `detail`, memory-mapped.
    """

    cases: pd.DataFrame
    facts: dict[str, str]
    sharp: NDArray[np.uint8]
    common: NDArray[np.uint8]

    def rows(self, split: str) -> NDArray[np.intp]:
        """Row numbers of a split's images."""
        return np.flatnonzero((self.cases["split"] == split).to_numpy())


def open_pixels(folder: Path) -> PixelStore:
    """Open what `prepare` wrote."""
    if not (folder / "cases.parquet").is_file():
        raise CasesError(f"{folder} holds no prepared data. Run `python -m training prepare` first.")
    return PixelStore(
        pd.read_parquet(folder / "cases.parquet"),
        json.loads((folder / "data.json").read_text()),
        np.load(folder / "sharp.npy", mmap_mode="r"),
        np.load(folder / "common.npy", mmap_mode="r"),
    )


def prepare(cases: pd.DataFrame, out: Path, key: str = SPLIT_KEY) -> PixelStore:
    """Decode every image once, split by lesion, and write the store.

    Images that show the same picture under different lesions come to one side of the split, and are listed in the
    store's near-duplicates.csv. Those without one of the network's diagnoses are counted in a printed sentence and left
    out.

    The folder appears complete or not at all.

    Args:
        cases: see `training.cases.read_cases`.
        out: folder to write; an existing store there is replaced.
        key: of the split's hash.

    Raises:
        CasesError: no image has a diagnosis of the network, or one is unreadable; the message names it.
    """
    cases = diagnosed(cases)
    files = [Path(path) for path in cases.pop("path")]
    work = out.with_name(out.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    sharp = open_memmap(work / "sharp.npy", "w+", np.uint8, (len(cases), STORE_SIZE, STORE_SIZE, 3))
    digests: list[str] = [""] * len(cases)
    details = np.zeros(len(cases), np.intp)

    def decode_sharp(row: int) -> None:
        photograph = decode_file(files[row])
        digests[row], details[row] = photograph.sha256, min(STORE_SIZE, *photograph.pixels.shape[:2])
        sharp[row] = square(photograph.pixels, STORE_SIZE)

    each_row("decode", decode_sharp, len(cases))
    side = int(details.min())
    common = open_memmap(work / "common.npy", "w+", np.uint8, (len(cases), side, side, 3))

    def decode_common(row: int) -> None:
        common[row] = square(decode_file(files[row]).pixels, side)

    each_row("reduce", decode_common, len(cases))
    cases["sha256"], cases["detail"] = digests, details
    cases["group"] = lesion_groups(cases["lesion_id"], cases["sha256"])
    pairs = near_duplicates(common)
    listed = pd.DataFrame(
        {
            f"{column}_{place}": cases[column].to_numpy()[pairs[place]]
            for place in ("first", "second")
            for column in ("image_id", "lesion_id")
        }
    ).assign(correlation=pairs["correlation"])
    listed.to_csv(work / DUPLICATES, index=False)
    cases["split"] = one_side(assign_splits(cases["group"], cases["label"], key), cases["group"], pairs)
    sharp.flush()
    common.flush()
    facts = {name: "; ".join(filter(None, cases[name].unique())) for name in ("source", "licence")}
    (work / "data.json").write_text(json.dumps(facts))
    cases.to_parquet(work / "cases.parquet", index=False)
    shutil.rmtree(out, ignore_errors=True)
    work.rename(out)
    return open_pixels(out)


def diagnosed(cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with a diagnosis that the network has."""
    others = cases.loc[~cases["label"].isin(CODES), "label"].value_counts()
    if others.sum() == len(cases):
        raise CasesError(f"No image has one of the network's diagnoses: {', '.join(CODES)}.")
    if len(others):
        counts = ", ".join(f"{label} ({count})" for label, count in others.items())
        print(f"{others.sum()} of {len(cases)} images have no diagnosis of the network, left out: {counts}.")
    return cases[cases["label"].isin(CODES)].reset_index(drop=True)


def each_row(title: str, work: Callable[[int], None], count: int) -> None:
    """Do something for every row on all cores, behind a progress bar."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        for _ in tqdm(pool.map(work, range(count)), total=count, desc=title, unit="image", mininterval=0.5):
            pass


def decode_file(path: Path) -> Photograph:
    """Decode one file.

    Raises:
        CasesError: with the file's name and what is wrong with it.
    """
    try:
        return decode(path.read_bytes())
    except ImageError as error:
        raise CasesError(f"{path}: {error}") from error


def sharp_odds(labels: pd.Series, detail: pd.Series, common: int) -> NDArray[np.float64]:
    """How often training may take each image's sharp copy, so that sharpness says nothing about the diagnosis.

    A diagnosis with a share s of sharp copies takes each of them with probability q / s, where q is the smallest share
    of all diagnoses: then every diagnosis is seen sharp with the same probability q.

    Returns:
        float64 (n,), 0 where there is no sharper copy.
    """
    has_sharp = (detail > common).astype(float)
    share = has_sharp.groupby(labels).transform("mean").to_numpy()
    smallest = share.min(initial=1.0)
    return np.where(has_sharp.to_numpy() > 0, smallest / np.maximum(share, 1e-9), 0.0)
