"""Removes the files that no row names, left by a crash."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, select

from dashboard.store.files import File, Files
from dashboard.store.schema import predictions

log = logging.getLogger(__name__)
T = TypeVar("T")
Transaction = Callable[[], AbstractContextManager[Connection]]

# Ids in one statement: below every database's limit on parameters.
CHUNK = 500


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
    for suspects in in_batches(files.found(), CHUNK):
        with reading() as connection:
            orphans = orphaned_files(connection, suspects)
        if orphans:
            # Once more with nobody writing: a row may name them by now.
            with writing() as connection:
                for file in orphaned_files(connection, orphans):
                    place.remove(file.name)
                    swept += 1
    return swept


def referenced_digests(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Those of these digests that a row names."""
    found = set[str]()
    for part in distinct_batches(digests):
        found.update(
            connection.execute(select(predictions.c.sha256).where(predictions.c.sha256.in_(part))).scalars()
        )
    return found


def orphaned_files(connection: Connection, files: Sequence[File]) -> list[File]:
    """Those of at most CHUNK files that no row names."""
    digests = referenced_digests(connection, [file.sha256 for file in files if file.sha256])
    ids = [file.prediction for file in files if file.prediction]
    known = set(connection.execute(select(predictions.c.id).where(predictions.c.id.in_(ids))).scalars())
    return [file for file in files if file.sha256 not in digests and file.prediction not in known]


def in_batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """The values in lists of at most that many."""
    left = iter(values)
    while some := list(islice(left, size)):
        yield some


def distinct_batches(values: Sequence[str]) -> Iterator[list[str]]:
    """The distinct values in lists that fit into one statement."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]
