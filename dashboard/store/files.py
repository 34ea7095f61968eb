"""The files of predictions: named by content, and removed when no row names them."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection, select

from dashboard.store.database import in_batches
from dashboard.store.places import TEMPORARY, Storage
from dashboard.store.schema import binned, predictions
from model.images import Limits, Photograph, encode_exactly

log = logging.getLogger(__name__)
Transaction = Callable[[], AbstractContextManager[Connection]]

ID = re.compile(r"[0-9a-f-]{36}")
SHA256 = re.compile(r"[0-9a-f]{64}")
# What the store writes. Nothing else is ever removed: a folder of the user's own pictures stays as it is.
IMAGE = re.compile(r"([0-9a-f]{64})\.(?:thumb\.jpg|jpg|webp)")
HEATMAP = re.compile(r"([0-9a-f-]{36})\.png")
# Holds the identity of the database that these files belong to.
MARKER = "images/.store"
# A photograph without loss may be longer than the file that it came in.
STORED_LIMITS = Limits(max_bytes=200_000_000)
# What a photograph is kept as, the exact one first where both are there: earlier versions encoded each as JPEG anew.
IMAGE_TYPES = {".webp": "image/webp", ".jpg": "image/jpeg"}


def image_ending(data: bytes) -> str:
    """The ending for a photograph as it is kept, one of IMAGE_TYPES."""
    return ".jpg" if data.startswith(b"\xff\xd8") else ".webp"


@dataclass(frozen=True)
class File:
    """A file of the store: its name, and the image or the prediction that it belongs to."""

    name: str
    sha256: str = ""
    prediction: str = ""


@dataclass(frozen=True)
class Files:
    """The names of a store's files, and the place where they lie."""

    place: Storage

    def image(self, sha256: str) -> str:
        """The name under which the image with this digest lies."""
        exact, other = self.images(sha256)
        return exact if self.place.has(exact) else other

    def images(self, sha256: str) -> tuple[str, ...]:
        """The names under which the image with this digest may lie, one for each of IMAGE_TYPES."""
        return tuple(self._named(sha256, ending) for ending in IMAGE_TYPES)

    def thumbnail(self, sha256: str) -> str:
        """The name of its thumbnail, which is made when somebody first looks at it."""
        return self._named(sha256, ".thumb.jpg")

    def _named(self, sha256: str, ending: str) -> str:
        if not SHA256.fullmatch(sha256):
            raise ValueError("An image is named by its SHA-256 in lower case.")
        return f"images/{sha256[:2]}/{sha256}{ending}"

    def heatmap(self, prediction_id: str) -> str:
        """The name of the picture in which earlier versions kept the heatmap of this prediction."""
        if not ID.fullmatch(prediction_id):
            raise ValueError("A heatmap is named by the id of its prediction.")
        return f"heatmaps/{prediction_id}.png"

    def missing(self, photograph: Photograph) -> dict[str, bytes]:
        """The file of a photograph where it is not there yet."""
        exact, jpeg = self.images(photograph.sha256)
        name = exact if photograph.jpeg is None else jpeg
        return {} if self.place.has(name) else {name: encode_exactly(photograph)}

    def inexact(self, photograph: Photograph) -> dict[str, bytes]:
        """The image once more, where an earlier version has kept it with other pixels."""
        name = self.images(photograph.sha256)[1]
        own = photograph.jpeg
        if own is None or not self.place.has(name) or self.place.read(name) == own:
            return {}
        return {name: own}

    def identity(self) -> str | None:
        """The identity of the database that these files belong to; None when they bear no mark."""
        try:
            return self.place.read(MARKER).decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return None

    def mark(self, identity: str) -> None:
        """Let these files belong to a database."""
        self.place.stage({MARKER: identity.encode()}).commit()

    def any(self) -> bool:
        """Whether the store has any file."""
        return next(self.every(), None) is not None

    def every(self) -> Iterator[File]:
        """Every file of the store, and temporary ones that nobody writes any more, which belong to nothing."""
        for folder, pattern in (("images", IMAGE), ("heatmaps", HEATMAP)):
            for name in self.place.names(folder):
                last = name.rsplit("/", maxsplit=1)[-1]
                match = pattern.fullmatch(last)
                if TEMPORARY.fullmatch(last):
                    yield File(name)
                elif match:
                    yield File(name, match[1]) if pattern is IMAGE else File(name, prediction=match[1])


def remove_orphaned_files(files: Files, identity: str, reading: Transaction, writing: Transaction) -> int:
    """Remove the files of a store that no row names. Returns how many."""
    owner, place = files.identity(), files.place
    if owner not in (None, identity):
        log.warning("%s belongs to another database: no file there is removed.", place)
        return 0
    if owner is None and files.any():
        log.warning("%s has images but no mark of a database: none is cleaned up.", place)
        return 0
    if owner is None:
        files.mark(identity)
    swept = 0
    for suspects in in_batches(files.every()):
        with reading() as connection:
            orphans = orphaned_files(connection, suspects)
        if orphans:
            # Once more with nobody writing: a row may name them by now.
            with writing() as connection:
                for file in orphaned_files(connection, orphans):
                    place.remove(file.name)
                    swept += 1
    return swept


def referenced_digests(connection: Connection, digests: Iterable[str]) -> set[str]:
    """The digests that a row names, of a case in the list or in the bin."""
    referenced = set[str]()
    for part in in_batches(digests):
        for column in (predictions.c.sha256, binned.c.sha256):
            referenced.update(connection.execute(select(column).where(column.in_(part))).scalars())
    return referenced


def remove_unshared_files(files: Files, connection: Connection, deleted: Mapping[str, str]) -> None:
    """Remove the files of deleted predictions, but for those that another one shares.

    Args:
        connection: a turn to write after the one in which the rows were deleted: they are gone for good before the
            first file is, and nobody adds it meanwhile.
        deleted: id -> SHA-256.
    """
    remove_unshared_images(files, connection, set(deleted.values()))
    for record_id in deleted:
        files.place.remove(files.heatmap(record_id))


def remove_unshared_images(files: Files, connection: Connection, digests: set[str]) -> None:
    """Remove the images with these digests that no row names, in a turn to write."""
    for digest in digests - referenced_digests(connection, digests):
        for name in (*files.images(digest), files.thumbnail(digest)):
            files.place.remove(name)


def orphaned_files(connection: Connection, files: Sequence[File]) -> list[File]:
    """The files, of at most CHUNK, that no row names."""
    digests = referenced_digests(connection, {file.sha256 for file in files if file.sha256})
    ids = [file.prediction for file in files if file.prediction]
    known = set[str]()
    for column in (predictions.c.id, binned.c.id):
        known.update(connection.execute(select(column).where(column.in_(ids))).scalars())
    return [file for file in files if file.sha256 not in digests and file.prediction not in known]
