"""Opening a store: create its folder, update its database, remove what a crash has left."""

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

from dashboard.diagnoses import USUAL, KnownDiagnoses
from dashboard.store import database
from dashboard.store.errors import StoreError
from dashboard.store.files import Files
from dashboard.store.outcomes import follow_rule
from dashboard.store.places import new_folder, open_storage
from dashboard.store.query import Query
from dashboard.store.repository import Store

DATABASE = "dermaboard.db"


def open_store(
    data_dir: Path,
    database_url: str | None = None,
    image_store: str | None = None,
    known: KnownDiagnoses = USUAL,
) -> Store:
    """Open the store below `data_dir`, creating or migrating what is needed. All of it is for its owner only.

    Args:
        data_dir: holds the images, and the SQLite database unless another one is named.
        database_url: SQLAlchemy address of another database, such as PostgreSQL.
        image_store: fsspec address of another place for the images, such as s3://bucket/folder.
        known: what the codes of diagnoses mean.

    Raises:
        StoreError: the folder cannot be written, or the database is unusable or newer than this Dermaboard.
    """
    data_dir = data_dir.expanduser().resolve()
    try:
        new_folder(data_dir)
        place = open_storage(data_dir, image_store)
        file = data_dir / DATABASE
        if database_url is None and not file.exists():
            # SQLite gives the files beside it the same rights.
            file.touch(mode=0o600)
        # Earlier versions left these to the umask.
        for name in ("", "-wal", "-shm"):
            keep_others_out(Path(f"{file}{name}"))
        for folder in ("images", "heatmaps"):
            keep_others_out(data_dir / folder)
        engine = database.database_engine(database_url or database.sqlite_url(file))
        database.migrate(engine)
        opened = Store(engine, Files(place), known)
        follow_rule(opened)
    except OSError as error:
        raise StoreError(f"The data folder {data_dir} cannot be used: {error.strerror or error}.") from error
    if opened.page(Query(limit=1)).exact:
        opened.sweep()
    else:
        # The start doesn't wait for what takes long.
        threading.Thread(target=opened.sweep, name="sweep", daemon=True).start()
    return opened


def keep_others_out(path: Path) -> None:
    """Let only the owner use a file or folder, if it exists and belongs to us."""
    if os.name != "posix":
        return
    # In a container it may belong to somebody else, who has to see to it.
    with suppress(FileNotFoundError, PermissionError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            path.chmod(mode & ~0o077)
