"""Images decoded once into one file on disk, with the code that also serves.

Every image is stored as a whole frame, its shorter side at most STORE_SIDE pixels, so that a view may be cut from
anywhere in it. Frames have different shapes: they lie one after the other, and the table says where each begins.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from model.cores import usable_cores
from model.images import ImageError, Photograph, decode, square
from training.cases import CasesError, assign_splits, lesion_groups
from training.duplicates import near_duplicates, one_side

STORE_SIDE = 256
SPLIT_KEY = "dermaboard-1"
DUPLICATES = "near-duplicates.csv"
# Near duplicates are looked for in the centred square of this side.
FINGERPRINT_SIDE = 64


@dataclass(frozen=True)
class PixelStore:
    """A prepared data set.

    Attributes:
        cases: one row an image: the columns of `training.cases.read_cases` and `sha256`, `group`, `split`, `domain`
            (see `domain_names`), and `height`, `width` and `offset` of its frame.
        pixels: uint8 (bytes,), the frames one after the other, memory-mapped.
    """

    cases: pd.DataFrame
    pixels: NDArray[np.uint8]

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Height, width and offset of each image's frame, (n, 3)."""
        return self.cases[["height", "width", "offset"]].to_numpy(np.int64)

    def frame(self, row: int) -> NDArray[np.uint8]:
        """One image, uint8 (height, width, 3)."""
        height, width, offset = self.places[row]
        return self.pixels[offset : offset + height * width * 3].reshape(height, width, 3)

    def rows(self, split: str) -> NDArray[np.intp]:
        """Row numbers of a split's images."""
        return np.flatnonzero((self.cases["split"] == split).to_numpy())


def open_pixels(folder: Path) -> PixelStore:
    """Open what `prepare` wrote."""
    if not (folder / "cases.parquet").is_file():
        raise CasesError(f"{folder} holds no prepared data. Run `python -m training prepare` first.")
    return PixelStore(
        pd.read_parquet(folder / "cases.parquet"), np.memmap(folder / "frames.bin", np.uint8, "r")
    )


def prepare(cases: pd.DataFrame, out: Path, key: str = SPLIT_KEY) -> PixelStore:
    """Decode every image once, split each source by lesion, and write the store.

    Images that show the same picture under different lesions come to one side of the split, where the one from the
    source that is named first lies; they are listed in the store's near-duplicates.csv.

    The folder appears complete or not at all.

    Args:
        cases: see `training.cases.read_cases`; sources in the order in which they keep their split.
        out: folder to write; an existing store there is replaced.
        key: of the split's hash.

    Raises:
        CasesError: an image is unreadable; the message names it.
    """
    work = out.with_name(out.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    cases = cases.reset_index(drop=True)
    small = np.empty((len(cases), FINGERPRINT_SIDE, FINGERPRINT_SIDE, 3), np.uint8)
    facts: list[dict[str, object]] = []
    with (work / "frames.bin").open("wb") as file:
        for row, photograph in enumerate(decoded_in_order(decode_file, cases["path"].map(Path).tolist())):
            frame = shrunk_frame(photograph.pixels)
            small[row] = square(frame, FINGERPRINT_SIDE)
            height, width = frame.shape[:2]
            facts.append(
                {"sha256": photograph.sha256, "height": height, "width": width, "offset": file.tell()}
            )
            file.write(frame.tobytes())
    cases = pd.concat([cases.drop(columns="path"), pd.DataFrame(facts)], axis=1)
    cases["domain"] = domain_names(cases)
    # Two sources may call different patients alike.
    patients = cases["patient_id"].where(
        cases["patient_id"] == "", cases["source"] + ": " + cases["patient_id"]
    )
    cases["group"] = lesion_groups(cases["lesion_id"], cases["sha256"], patients)
    pairs = near_duplicates(small)
    list_pairs(cases, pairs).to_csv(work / DUPLICATES, index=False)
    cases["split"] = one_side(split_by_source(cases, key), cases["group"], cases["source"], pairs)
    cases.to_parquet(work / "cases.parquet", index=False)
    shutil.rmtree(out, ignore_errors=True)
    work.rename(out)
    return open_pixels(out)


def domain_names(cases: pd.DataFrame) -> pd.Series:
    """Where each image comes from, as one word: its source and its modality."""
    return cases["source"] + ", " + cases["modality"]


def split_by_source(cases: pd.DataFrame, key: str) -> pd.Series:
    """A split for each image; adding a source moves no image of another one."""
    parts = [
        assign_splits(part["group"], part["label"], key) for _, part in cases.groupby("source", sort=False)
    ]
    return pd.concat(parts).reindex(cases.index)


def list_pairs(cases: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of near duplicates by the names of their images and lesions."""
    return pd.DataFrame(
        {
            f"{column}_{place}": cases[column].to_numpy()[pairs[place]]
            for place in ("first", "second")
            for column in ("image_id", "lesion_id", "source")
        }
    ).assign(correlation=pairs["correlation"].to_numpy())


def decoded_in_order(work: Callable[[Path], Photograph], paths: list[Path]) -> "tqdm[Photograph]":
    """Decode files on all cores, in order, a few hundred ahead at most, behind a progress bar."""

    def results() -> Iterator[Photograph]:
        with ThreadPoolExecutor(usable_cores()) as pool:
            for start in range(0, len(paths), 256):
                yield from pool.map(work, paths[start : start + 256])

    return tqdm(results(), total=len(paths), desc="decode", unit="image", mininterval=0.5)


def shrunk_frame(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame whose shorter side has at most STORE_SIDE pixels."""
    height, width = pixels.shape[:2]
    scale = STORE_SIDE / min(height, width)
    if scale >= 1:
        return pixels
    size = (round(width * scale), round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=1.0))


def decode_file(path: Path) -> Photograph:
    """Decode one file.

    Raises:
        CasesError: with the file's name and what is wrong with it.
    """
    try:
        return decode(path.read_bytes())
    except ImageError as error:
        raise CasesError(f"{path}: {error}") from error
