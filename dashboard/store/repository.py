"""The store itself: predictions in the database, their images on disk, each never without the other.

Files are written before the row that names them commits, and removed after the row is gone, so a crash leaves
at worst files that nobody names, which the next start sweeps. Writers, in other processes too, queue at one row of
the database: otherwise one could remove the image that another has just found to be there.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError

from dashboard.store import database
from dashboard.store.errors import NotFound, StoreError
from dashboard.store.files import ID, Files, write
from dashboard.store.query import Query
from dashboard.store.records import Page, Record, clean_filename, fold, from_row, new_id
from dashboard.store.schema import predictions, store
from model.images import Photograph, encode

if TYPE_CHECKING:
    from model.predictor import Prediction

log = logging.getLogger(__name__)

THUMBNAIL_SIDE = 240
HEATMAP_SIDE = 448
# Ids in one statement: below every database's limit on parameters.
CHUNK = 500


class Store:
    """Predictions and their images. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine, files: Files) -> None:
        self._engine = engine
        self._files = files

    def add(self, photograph: Photograph, prediction: "Prediction", filename: str) -> Record:
        """Keep a prediction with its image, thumbnail and heatmap; all of it or nothing.

        Args:
            photograph: the decoded image.
            prediction: what the model said about it.
            filename: what the user calls the file. Kept as text, never used as a path.

        Raises:
            StoreError: the disk is full or the database cannot be written; the prediction is not kept then.
        """
        # The engine behind the predictor is slow to import, and pages that only read do without it.
        from model.predictor import heatmap_png

        record = make_record(photograph, prediction, filename)
        contents = {
            self._files.image(record.sha256): encode(photograph.pixels),
            self._files.thumbnail(record.sha256): encode(photograph.pixels, max_side=THUMBNAIL_SIDE),
            self._files.heatmap(record.id): heatmap_png(prediction.heatmap, HEATMAP_SIDE),
        }
        with self._writing() as connection:
            for path, data in contents.items():
                if not path.exists():
                    write(path, data)
            connection.execute(insert(predictions).values(to_row(record)))
        return record

    def get(self, record_id: str) -> Record:
        """The record with this id; NotFound when there is none."""
        with self._engine.connect() as connection:
            row = (
                connection.execute(select(predictions).where(predictions.c.id == known_shape(record_id)))
                .mappings()
                .first()
            )
        if row is None:
            raise NotFound("There is no prediction with this address. It may have been deleted.")
        return from_row(dict(row))

    def page(self, query: Query) -> Page:
        """The records that a query asks for, and how many match it in all."""
        # One transaction: rows and total belong to the same moment.
        with self._engine.begin() as connection:
            rows = connection.execute(query.select()).mappings().all()
            count = select(func.count()).select_from(predictions).where(query.condition())
            return Page(tuple(from_row(dict(row)) for row in rows), connection.execute(count).scalar_one())

    def models(self) -> tuple[str, ...]:
        """The names of the models that have predicted something, sorted."""
        with self._engine.connect() as connection:
            return tuple(
                connection.execute(
                    select(predictions.c.model).distinct().order_by(predictions.c.model)
                ).scalars()
            )

    def image(self, record_id: str) -> bytes:
        """The photograph as a JPEG file: upright, re-encoded, without metadata."""
        return read(self._files.image(self.get(record_id).sha256))

    def thumbnail(self, record_id: str) -> bytes:
        """The photograph as a small JPEG file, at most 240 pixels on its longer side."""
        return read(self._files.thumbnail(self.get(record_id).sha256))

    def heatmap(self, record_id: str) -> bytes:
        """The heatmap as a PNG file with transparency, to lie over the photograph's centred square."""
        return read(self._files.heatmap(self.get(record_id).id))

    def delete(self, ids: Sequence[str]) -> int:
        """Delete these predictions, and the images that no other one shares. Unknown ids are passed over.

        Returns:
            How many were deleted.
        """
        gone: dict[str, str] = {}
        with self._writing() as connection:
            for part in chunks([known_shape(one) for one in ids]):
                wanted = predictions.c.id.in_(part)
                rows = connection.execute(select(predictions.c.id, predictions.c.sha256).where(wanted))
                gone.update({row.id: row.sha256 for row in rows})
                connection.execute(delete(predictions).where(wanted))
        # A second turn: the rows are gone for good before the first file is, and nobody adds it meanwhile.
        with self._writing() as connection:
            digests = set(gone.values()) - named(connection, list(gone.values()))
            for digest in digests:
                self._files.image(digest).unlink(missing_ok=True)
                self._files.thumbnail(digest).unlink(missing_ok=True)
            for record_id in gone:
                self._files.heatmap(record_id).unlink(missing_ok=True)
        return len(gone)

    def sweep(self) -> int:
        """Remove the files of ours that no row names, left by a crash. Returns how many.

        A folder that belongs to another database is left alone: with a new or another database beside it,
        every image in it would seem nobody's.
        """
        with self._writing() as connection:
            identity = connection.execute(select(store.c.identity)).scalar_one()
            marker = self._files.marker
            if marker.exists() and marker.read_text("utf-8", "replace").strip() != identity:
                log.warning("%s belongs to another database: no file there is removed.", self._files.root)
                return 0
            if not marker.exists():
                if next(self._files.orphans((), ()), None) is not None:
                    log.warning(
                        "%s has images but no mark of a database: none is cleaned up.", self._files.root
                    )
                    return 0
                write(marker, identity.encode())
            ids, digests = set[str](), set[str]()
            for row in connection.execute(select(predictions.c.id, predictions.c.sha256)):
                ids.add(row.id)
                digests.add(row.sha256)
            orphans = list(self._files.orphans(digests, ids))
            for path in orphans:
                path.unlink(missing_ok=True)
        return len(orphans)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that has the store to itself among writers; readers go on."""
        try:
            with self._engine.connect().execution_options(writing=True) as connection, connection.begin():
                connection.execute(update(store).values(turn=store.c.turn + 1))
                yield connection
        except OSError as error:
            raise StoreError(f"The data folder cannot be written: {error.strerror or error}.") from error
        except OperationalError as error:
            raise StoreError(f"The database cannot be written: {error.orig}.") from error


def open_store(data_dir: Path, database_url: str | None = None) -> Store:
    """Open the store below `data_dir`, creating or migrating what is needed.

    Args:
        data_dir: holds the images, and the SQLite database unless another one is named.
        database_url: SQLAlchemy address of another database, such as PostgreSQL.

    Raises:
        StoreError: the folder cannot be written, or the database is unusable or newer than this Dermaboard.
    """
    data_dir = data_dir.expanduser().resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        engine = database.connect(database_url or database.sqlite_url(data_dir / "dermaboard.db"))
        database.migrate(engine)
        opened = Store(engine, Files(data_dir))
        opened.sweep()
    except OSError as error:
        raise StoreError(f"The data folder {data_dir} cannot be used: {error.strerror or error}.") from error
    return opened


def make_record(photograph: Photograph, prediction: "Prediction", filename: str) -> Record:
    """The record of a prediction made now."""
    if prediction.sha256 != photograph.sha256:
        raise ValueError("The prediction belongs to another photograph.")
    if not math.isfinite(prediction.probability):
        raise ValueError("The model gave no probability.")
    return Record(
        id=new_id(),
        created=datetime.now(UTC),
        filename=clean_filename(filename),
        sha256=photograph.sha256,
        width=prediction.width,
        height=prediction.height,
        model=prediction.model,
        model_version=prediction.model_version,
        model_sha256=prediction.model_sha256,
        # Seven rounded probabilities may sum to a little more than 1.
        probability=min(max(float(prediction.probability), 0.0), 1.0),
        threshold=float(prediction.threshold),
        decision=prediction.decision,
        diagnosis=prediction.diagnosis,
        probabilities={code: float(value) for code, value in prediction.probabilities.items()},
        warnings=tuple(caution.text for caution in prediction.cautions),
        milliseconds=float(prediction.milliseconds),
    )


def to_row(record: Record) -> dict[str, Any]:
    """A record as column values."""
    return {
        **vars(record),
        "filename_folded": fold(record.filename),
        "decision": str(record.decision),
        "probabilities": dict(record.probabilities),
        "warnings": list(record.warnings),
    }


def named(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Those of these digests that a row names."""
    found = set[str]()
    for part in chunks(digests):
        found.update(
            connection.execute(select(predictions.c.sha256).where(predictions.c.sha256.in_(part))).scalars()
        )
    return found


def known_shape(record_id: str) -> str:
    """The id, or an empty one, which nothing has, for a text that no id looks like: a database may choke on it."""
    return record_id if ID.fullmatch(record_id) else ""


def chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """The distinct values in lists that fit into one statement."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


def read(path: Path) -> bytes:
    """A file's bytes; NotFound when somebody removed it."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound("The image of this prediction is missing from the data folder.") from error
