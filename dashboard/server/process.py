"""What holds for a whole process that serves, or works on, people's photographs."""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

FOLDER = "temporary"
# Seconds after which nobody writes a temporary file any more.
LEFT = 24 * 3600


def keep_to(data_dir: Path) -> None:
    """New files are for their owner only, and temporary ones lie in the data folder: it is as large as it has to be.

    Raises:
        OSError: the folder cannot be written.
    """
    os.umask(0o077)
    folder = data_dir.expanduser().resolve() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        # Whoever has left it is gone; another process may be faster.
        with suppress(OSError):
            if path.is_file() and time.time() - path.stat().st_mtime > LEFT:
                path.unlink()
    # The first for this process, the second for those that it starts, and for SQLite.
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
