"""The store itself: predictions in the database, and their images on disk.

Files are written before the transaction of their row commits, and removed after the row was deleted. So a crash leaves
at worst files without a row, which the next start removes. Writers, in other processes too, queue at one row of the
database: otherwise one could remove an image that another relies on.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Column, Connection, Engine, func, insert, select

from dashboard.diagnoses import USUAL, KnownDiagnoses
from dashboard.store import changes, database, text_index
from dashboard.store.arrival import arrival_of
from dashboard.store.bin import delete_for_good
from dashboard.store.case_changes import at_site, change_stored_case
from dashboard.store.errors import MissingFile, NotFound, QueryError, StoreError
from dashboard.store.fields import Context
from dashboard.store.files import (
    ID,
    Files,
    remove_orphaned_files,
    remove_unshared_files,
    remove_unshared_images,
)
from dashboard.store.keys import IdempotencyKey, record_with_key, remember_key
from dashboard.store.names import MAX_NAME, clean_line
from dashboard.store.pages import MOST, Pages
from dashboard.store.placing import place_case
from dashboard.store.query import MAX_LIMIT, Query
from dashboard.store.records import (
    AuditLine,
    Chosen,
    Finding,
    Latest,
    Page,
    Record,
    Review,
    make_record,
    record_from_row,
    row_of_record,
)
from dashboard.store.schema import predictions, reviews, store, tags
from dashboard.store.thumbnails import make_thumbnail
from dashboard.store.transactions import Transactions
from model.images import Crop, Photograph

if TYPE_CHECKING:
    from model.predictor import Prediction


# Pages found at the same time: more take turns at Python's lock without being any faster, and whoever writes would wait
# for all of them at each of its steps.
AT_ONCE = 2
# Made once: making it takes as long as running it.
INSERT = insert(predictions)


class Store(Transactions):
    """Predictions and their images. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine, files: Files, known: KnownDiagnoses = USUAL) -> None:
        super().__init__(engine, files)
        self.known = known
        self._pages = threading.Semaphore(AT_ONCE)
        # Told of every prediction that was stored, and whether it is counted, see counted.py.
        self.listeners: list[Callable[[Record, bool], None]] = []
        with self.reading() as connection:
            self._indexed = text_index.has_text_index(connection)
            self._identity: str = connection.execute(select(store.c.identity)).scalar_one()

    def add(
        self,
        photograph: Photograph,
        prediction: "Prediction",
        filename: str,
        context: Context = Context(),
        key: IdempotencyKey | None = None,
        image_kept: Callable[[], None] | None = None,
        crop: Crop | None = None,
        replaces: str | None = None,
        source: str | None = None,
    ) -> Record:
        """Keep a prediction with its image; all of it or nothing.

        Args:
            photograph: the decoded image, all of it.
            prediction: what the model said about it, or about the part of it that `crop` names.
            filename: what the user calls the file. Kept as text, never used as a path.
            context: what the user tells of the lesion.
            key: an idempotency key: within 24 hours, the same one with the same image gives the first record again.
            image_kept: returns when `keep_image` is done with this photograph, or raises what that raised; None where
                nobody has called it.
            replaces: id of the prediction of an earlier attempt.
            source: id of the stored prediction whose photograph it is.

        Raises:
            Conflict: the key was used for another image or request.
            InputError, NotFound: it cannot be taken then, see `place_case`; the source was deleted meanwhile.
            StoreError: the disk is full or the database cannot be written; the prediction is not kept then.
        """
        with self.dropping_image(photograph):
            # What takes time comes before this writer's turn.
            (image_kept or partial(self.keep_image, photograph))()
            record = make_record(photograph, prediction, filename, context, crop, replaces)
            with self.writing() as connection:
                if key is not None:
                    before = record_with_key(connection, key, record.sha256)
                    if before is not None:
                        return before
                record = self._placed(connection, record, context.taken is not None, source)
                # Without a row, it may have been taken for one that a crash has left, or that was deleted.
                self.files.place.stage(self.files.missing(photograph)).commit()
                moment, first = arrival_of(connection, record)
                record = replace(record, created=moment)
                connection.execute(INSERT, row_of_record(record) | {"counted": first})
                if key is not None:
                    remember_key(connection, key, record)
        for listener in self.listeners:
            listener(record, first)
        return record

    def _placed(self, connection: Connection, record: Record, by_hand: bool, source: str | None) -> Record:
        """A new record as it belongs to its lesion, to which it gives a site that nobody has said.

        Raises NotFound where its source was deleted meanwhile.
        """
        if source is not None:
            changes.find_prediction(connection, source)
        placed = place_case(connection, record, by_hand)
        return at_site(connection, placed, placed.context.site)

    def keep_image(self, photograph: Photograph) -> None:
        """Write the image of a photograph already while a model looks at it. Within `dropping_image`.

        Raises:
            StoreError: the disk is full.
        """
        files = self.files
        with self.disk():
            contents = files.missing(photograph) | files.inexact(photograph)
            files.place.stage(contents).commit()
            if not contents:
                # Somebody else may be writing it just now.
                files.place.sync(files.image(photograph.sha256))

    @contextmanager
    def dropping_image(self, photograph: Photograph) -> Iterator[None]:
        """Removes the image of a photograph again where no prediction comes of it."""
        try:
            yield
        except BaseException:
            with suppress(StoreError), self.writing(quiet=True) as connection:
                remove_unshared_images(self.files, connection, {photograph.sha256})
            raise

    def with_key(self, key: IdempotencyKey, sha256: str) -> Record | None:
        """What `add` returned for this key within 24 hours; None for a new key. Conflict as for `add`."""
        with self.reading() as connection:
            return record_with_key(connection, key, sha256)

    def get(self, record_id: str) -> Record:
        """The record with this id; NotFound when there is none."""
        with self.reading() as connection:
            return changes.find_prediction(connection, record_id)[1]

    def get_many(self, ids: Sequence[str]) -> dict[str, Record]:
        """The records with these ids, by id; deleted ones are left out."""
        with self.reading() as connection:
            batches = database.in_batches(dict.fromkeys(filter(ID.fullmatch, ids)))
            parts = (select(predictions).where(predictions.c.id.in_(batch)) for batch in batches)
            rows = (row for part in parts for row in connection.execute(part).mappings())
            return {row["id"]: record_from_row(row) for row in rows}

    def page(self, query: Query) -> Page:
        """The records that a query asks for, and how many match it in all; QueryError as for `Pages`."""
        # One transaction: rows and total belong to the same moment.
        with self._pages, self.reading() as connection:
            return Pages(connection, self._indexed).page(query)

    def choose_all(self, query: Query) -> tuple[Chosen, ...]:
        """Every prediction that a query asks for, in its order; QueryError where more than MOST match."""
        with self._pages, self.reading() as connection:
            pages = Pages(connection, self._indexed)
            total = pages.count(query.filters)
            if total > MOST:
                raise QueryError(
                    f"More than {MOST:,} predictions match. Filter first; an export takes all of them."
                )
            numbers = pages.find(query, MOST, total)
            columns = predictions.c.seq, predictions.c.id, predictions.c.revision, predictions.c.tags
            parts = (
                select(*columns).where(predictions.c.seq.in_(part)) for part in database.in_batches(numbers)
            )
            rows = {row.seq: row for part in parts for row in connection.execute(part)}
        found = (rows[number] for number in numbers)
        return tuple(Chosen(row.id, row.revision, tuple(row.tags)) for row in found)

    def stream(self, query: Query) -> Iterator[Record]:
        """Every record that a query asks for, whatever its offset and limit, in constant memory.

        Rows that come or go meanwhile may be there or not; every other one is there exactly once.
        """
        part, total = replace(query, offset=0, after=None, limit=MAX_LIMIT), None
        while True:
            with self._pages, self.reading() as connection:
                pages = Pages(connection, self._indexed)
                total = pages.count(query.filters) if total is None else total
                rows = pages.rows(pages.find(part, MAX_LIMIT, total, part.place()))
            yield from map(record_from_row, rows)
            if len(rows) < MAX_LIMIT:
                return
            part = replace(part, after=part.cursor(rows[-1]))

    def neighbours(self, record_id: str, query: Query) -> tuple[str | None, str | None]:
        """The ids before and after this prediction in a query's order; None at either end, or when it doesn't match.

        Raises NotFound, and QueryError as for `page`.
        """
        with self.reading() as connection:
            seq, _ = changes.find_prediction(connection, record_id)
            return Pages(connection, self._indexed).neighbours(seq, query)

    def latest(self) -> Latest:
        """The state of the store, to be compared with a later one."""
        with self.reading() as connection:
            newest = select(predictions.c.id).order_by(predictions.c.seq.desc()).limit(1)
            return Latest(
                connection.execute(newest).scalar_one_or_none(),
                connection.execute(select(store.c.turn)).scalar_one(),
            )

    def profiles_since(self) -> datetime | None:
        """The time since which photographs are read with their colour profiles; None for always."""
        with self.reading() as connection:
            return connection.execute(select(store.c.profiles_since)).scalar_one()

    def values(self, column: str) -> tuple[str, ...]:
        """The values that predictions have in a column of text, or as a "tag", sorted."""
        return self._distinct(tags.c.name if column == "tag" else predictions.c[column])

    def codes(self) -> tuple[str, ...]:
        """The diagnoses that predictions came to or that people confirmed, in the usual order."""
        confirmed = select(predictions.c.confirmed).where(predictions.c.confirmed.is_not(None)).distinct()
        with self.reading() as connection:
            codes = connection.execute(confirmed).scalars().all()
        return self.known.ordered([*self._distinct(predictions.c.diagnosis), *codes])

    def _distinct(self, column: Column[Any]) -> tuple[str, ...]:
        # From each value to the next in its index: one step a value, however many rows there are.
        least = select(func.min(column).label("value")).cte("least", recursive=True)
        further = select(func.min(column)).where(column > least.c.value).scalar_subquery()
        values = least.union_all(select(further).where(least.c.value.is_not(None)))
        with self.reading() as connection:
            known = select(values.c.value).where(values.c.value.is_not(None)).order_by(values.c.value)
            return tuple(connection.execute(known).scalars())

    def change(
        self,
        seen: Mapping[str, int | None],
        fields: Mapping[str, Any],
        finding: Finding | None = None,
        who: str = "",
    ) -> tuple[Record, ...]:
        """Change fields of the context, append a review, or both, with audit lines: for all of these cases or for none.

        Args:
            seen: id -> the revision that the user has seen, None for any. Those that are gone are passed over.
            fields: of `Context`, by their names; the others stay as they are at that moment.
            who: the reviewer, where there is a review.

        Returns:
            The cases as they are now.

        Raises:
            Conflict: somebody changed one of them meanwhile.
            InputError: a field does not fit, or the review contradicts itself.
            NotFound: none of them exists.
        """
        name = clean_line(who, MAX_NAME, "The name")
        if finding is not None:
            finding = changes.clean_finding(finding, name, self.known.every)
        done: list[Record] = []
        with self.writing() as connection:
            for record_id, revision in seen.items():
                with suppress(NotFound):
                    done.append(
                        change_stored_case(connection, record_id, revision, fields, finding, name, self.known)
                    )
        if not done:
            raise NotFound(changes.MISSING)
        return tuple(done)

    def reviews(self, record_id: str) -> tuple[Review, ...]:
        """The reviews of a prediction, the newest first; NotFound when there is no such prediction."""
        with self.reading() as connection:
            seq, record = changes.find_prediction(connection, record_id)
            columns = [column for column in reviews.columns if column is not reviews.c.seq]
            newest_first = select(*columns).where(reviews.c.seq == seq).order_by(reviews.c.id.desc())
            rows = [row._asdict() for row in connection.execute(newest_first)]
            return tuple(
                Review(prediction_id=record.id, **row | {"tags": tuple(row["tags"])}) for row in rows
            )

    def audit(self, record_id: str) -> tuple[AuditLine, ...]:
        """What was done to a prediction, oldest first; also of a deleted one. Empty for an id that never was."""
        if not ID.fullmatch(record_id):
            return ()
        with self.reading() as connection:
            lines = changes.audit_trail(connection, record_id)
            with suppress(NotFound):
                _, record = changes.find_prediction(connection, record_id)
                return (changes.first_audit_line(record), *lines)
            return lines

    def check(self) -> None:
        """Raise StoreError when nothing can be stored at the moment. Nothing is written to find out."""
        with self.disk():
            self.files.place.check()
        database.check_writable(self._engine)

    def image(self, record_id: str) -> bytes:
        """The photograph without metadata, as a JPEG or WebP file with exactly the pixels that were predicted from.

        Of predictions by earlier versions, a JPEG file that was encoded anew.
        """
        return self.picture(self.get(record_id))

    def thumbnail(self, record_id: str) -> bytes:
        """The photograph as a small JPEG file, at most 240 pixels on its longer side; made once, and kept."""
        record = self.get(record_id)
        try:
            return self._read(self.files.thumbnail(record.sha256))
        except MissingFile:
            return make_thumbnail(self, record.sha256, self.picture(record))

    def heatmap(self, record_id: str) -> bytes:
        """The heatmap as a PNG file with transparency, to lie over the photograph's centred square."""
        record = self.get(record_id)
        if record.evidence is None:
            return self._read(self.files.heatmap(record.id))
        # The engine behind it is slow to import, and pages that only read do without it.
        from model.predictor import heatmap_png

        return heatmap_png(np.array(record.evidence, np.float32) / np.float32(255))

    def picture(self, record: Record) -> bytes:
        """The photograph of a record, see `image`."""
        with self.disk():
            name = self.files.image(record.sha256)
        return self._read(name)

    def _read(self, name: str) -> bytes:
        with self.disk():
            try:
                return self.files.place.read(name)
            except FileNotFoundError as error:
                raise MissingFile("The file is missing from the data folder, or empty.") from error

    def delete(self, ids: Iterable[str], who: str = "") -> int:
        """Delete these cases for good, in the list or in the bin, and the images that no other one shares.

        Audit lines stay. Unknown ids are passed over.

        Returns:
            How many were deleted.

        Raises:
            Held: somebody has put one of them on legal hold; none is deleted then.
        """
        name = clean_line(who, MAX_NAME, "The name")
        with self.writing() as connection:
            deleted = delete_for_good(connection, list(ids), name)
        self.remove_files(deleted)
        return len(deleted)

    def remove_files(self, deleted: Mapping[str, str]) -> None:
        """Remove the files of predictions, id -> SHA-256, whose rows were deleted in a turn before."""
        if deleted:
            with self.writing(quiet=True) as connection:
                remove_unshared_files(self.files, connection, deleted)
            self.forget()

    def sweep(self) -> int:
        """Remove files that no row names, left by a crash. Returns how many.

        A folder that belongs to another database is left alone: to this one, none of its images would have a row.
        """
        with self.disk():
            return remove_orphaned_files(self.files, self._identity, self.reading, self.writing)
