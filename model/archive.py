"""Scoring of archives of millions of photographs: part by part, anywhere that fsspec reaches.

What is to be done is written down first, beside the table; a part that is done is a file of the table. So a run that
was stopped goes on by part, and nobody holds more than the names of a few parts.

    OUT/_plan/plan.json          which model, and how many files in how many parts
    OUT/_plan/part-000000.jsonl  the names of a part
    OUT/part-000000.parquet      its rows
"""

import json
import os
import posixpath
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import fsspec
from fsspec.core import url_to_fs

from model.bundle import BundleError, named_bundle
from model.images import SUFFIXES, ImageError, Limits, Photograph, decode
from model.predictor import Predictor
from model.scoring import BATCH, files_below, path_as_text, score_columns, score_photographs
from model.tables import TableError, read_score_table, write_table

PLAN = "_plan/plan.json"
# Seconds after which a part is tried again whose photographs, or whose place in the table, could not be reached.
PAUSES = (2.0, 10.0, 30.0, 60.0)
# What is wrong with one photograph, and not with the way to all of them.
OF_ONE = (FileNotFoundError, IsADirectoryError, PermissionError)


@dataclass(frozen=True)
class ArchivePlan:
    """What a run does.

    Attributes:
        model, model_sha256, operating_point: what scores; `model` is the name of the bundle.
        size: files in a part.
        files, parts: how many.
    """

    model: str
    model_sha256: str
    operating_point: str
    size: int
    files: int = 0
    parts: int = 0


@dataclass(frozen=True)
class PartTask:
    """A part as a worker gets it. `bundles` is a folder where the worker is; `out` a folder that fsspec knows."""

    number: int
    out: str
    bundles: str
    plan: ArchivePlan
    pauses: tuple[float, ...] = PAUSES


@dataclass(frozen=True)
class PartDone:
    """What came of a part: how many files it had, how many of them could not be used, and in how many seconds."""

    number: int
    files: int
    failed: int
    seconds: float


def is_address(place: str) -> bool:
    """Whether a place is an address of fsspec, and no path."""
    return "://" in place


def archive_files(places: Sequence[str]) -> Iterator[str]:
    """The image files in places, in an order that stays the same; of one folder at a time the names are held."""
    yield from map(str, files_below([Path(place) for place in places if not is_address(place)]))
    for place in filter(is_address, places):
        system, root = url_to_fs(place)
        if system.isfile(root):
            yield place
        else:
            yield from map(system.unstrip_protocol, image_addresses(system, root))


def image_addresses(system: Any, folder: str) -> Iterator[str]:
    """As `model.images.image_files_below`, anywhere."""
    for entry in sorted(system.ls(folder, detail=True), key=lambda one: str(one["name"])):
        name = posixpath.basename(entry["name"].rstrip("/"))
        if name.startswith(".") or entry["name"].rstrip("/") == folder.rstrip("/"):
            continue
        if entry["type"] == "directory":
            yield from image_addresses(system, entry["name"])
        elif posixpath.splitext(name)[1].lower() in SUFFIXES:
            yield entry["name"]


def part_name(number: int) -> str:
    """What the files of a part are called, without their ending."""
    return f"part-{number:06}"


def write_whole(place: str, data: bytes) -> None:
    """Write a file that appears whole or not at all: object stores do so by themselves."""
    system, path = url_to_fs(place)
    if "file" in system.protocol:
        system.makedirs(posixpath.dirname(path), exist_ok=True)
        partial = Path(path).with_name(f".{Path(path).name}.{os.getpid()}.partial")
        partial.write_bytes(data)
        partial.replace(path)
    else:
        system.pipe_file(path, data)


def read_plan(out: str) -> ArchivePlan | None:
    """The plan of an earlier run into a table; None where there is none that was finished."""
    try:
        with fsspec.open(f"{out}/{PLAN}", "rb") as file:
            return ArchivePlan(**json.load(file))
    except FileNotFoundError:
        return None


def prepare_plan(out: str, plan: ArchivePlan, places: Sequence[str], resume: bool) -> ArchivePlan:
    """The plan of a run: that of an earlier one, or a new one, which is written down part by part.

    Args:
        plan: without numbers.

    Raises:
        TableError: there is a run and `resume` is False, or it was another model's; or there are no images.
    """
    earlier = read_plan(out)
    if earlier is not None:
        if not resume:
            raise TableError(
                f"{out} holds an earlier run. Go on with it by --resume, or choose another --out."
            )
        same = ("model_sha256", "operating_point")
        if any(getattr(earlier, name) != getattr(plan, name) for name in same):
            raise TableError(
                f"This table was begun with {earlier.model} at {earlier.operating_point}, of another version or at "
                "another operating point than this run. Nothing was changed. Choose another --out."
            )
        return earlier
    names, files, parts = archive_files(places), 0, 0
    while part := list(islice(names, plan.size)):
        text = "".join(json.dumps(name) + "\n" for name in part)
        write_whole(f"{out}/_plan/{part_name(parts)}.jsonl", text.encode())
        files, parts = files + len(part), parts + 1
    if not files:
        raise TableError("There are no images in the places given.")
    planned = ArchivePlan(**asdict(plan) | {"files": files, "parts": parts})
    write_whole(f"{out}/{PLAN}", json.dumps(asdict(planned)).encode())
    return planned


def parts_left(out: str, plan: ArchivePlan) -> list[int]:
    """The numbers of the parts that are not in the table yet."""
    system, path = url_to_fs(out)
    system.invalidate_cache()
    done = {posixpath.basename(name) for name in system.ls(path, detail=False)}
    return [number for number in range(plan.parts) if f"{part_name(number)}.parquet" not in done]


@lru_cache(maxsize=1)
def worker_predictor(bundles: str, name: str, sha256: str) -> Predictor:
    """The predictor of a worker process. Raises BundleError where its bundle is another one."""
    bundle = named_bundle(Path(bundles), name)
    if bundle.card.sha256 != sha256:
        raise BundleError(f"{name}: this worker has another version of the model than the run. Update it.")
    return Predictor(bundle, threads=1)


def score_part(task: PartTask) -> PartDone:
    """Score the files of a part and write its rows; on a worker.

    Raises:
        BundleError: the worker has no such model.
        Exception: the photographs, or the table, could not be reached, tried again after each of `pauses`.
    """
    began = time.perf_counter()
    predictor = worker_predictor(task.bundles, task.plan.model, task.plan.model_sha256)
    for pause in (*task.pauses, None):
        try:
            rows = list(part_rows(predictor, task))
            write_whole(f"{task.out}/{part_name(task.number)}.parquet", parquet_bytes(rows, predictor))
            failed = sum(bool(row["error"]) for row in rows)
            return PartDone(task.number, len(rows), failed, time.perf_counter() - began)
        # Whatever the libraries of object stores raise.
        except Exception:
            if pause is None:
                raise
            time.sleep(pause)
    raise AssertionError


def part_rows(predictor: Predictor, task: PartTask) -> Iterator[dict[str, Any]]:
    """The rows of a part, as `model.scoring.score_files` has them."""
    with fsspec.open(f"{task.out}/_plan/{part_name(task.number)}.jsonl", "rb") as file:
        names = iter([json.loads(line) for line in file])
    while batch := list(islice(names, BATCH)):
        texts = [name if is_address(name) else path_as_text(Path(name)) for name in batch]
        yield from score_photographs(
            predictor, texts, list(map(read_anywhere, batch)), task.plan.operating_point
        )


def read_anywhere(name: str) -> Photograph | str:
    """The decoded image, or the sentence that says why there is none. What may be better later is raised."""
    try:
        with fsspec.open(name, "rb") if is_address(name) else Path(name).open("rb") as file:
            return decode(file.read(Limits().max_bytes + 1))
    except ImageError as error:
        return str(error)
    except OF_ONE as error:
        return f"The file cannot be read: {error.strerror or error}."


def parquet_bytes(rows: Iterable[Mapping[str, Any]], predictor: Predictor) -> bytes:
    """Rows as a Parquet file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.parquet"
        write_table(path, ".parquet", iter(rows), score_columns(predictor.bundle.card.taxonomy))
        return path.read_bytes()


def write_single_table(out: str, parts: str, plan: ArchivePlan, columns: Mapping[str, type]) -> None:
    """One CSV file from all parts, one part at a time in memory."""

    def rows(folder: Path) -> Iterator[dict[str, Any]]:
        for number in range(plan.parts):
            copy = folder / "part.parquet"
            with fsspec.open(f"{parts}/{part_name(number)}.parquet", "rb") as file:
                copy.write_bytes(file.read())
            yield from read_score_table(copy, columns)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "table.csv", ".csv", rows(folder), columns)
        system, path = url_to_fs(out)
        system.put_file(str(folder / "table.csv"), path)
