"""Where files lie: a folder on this machine, or any address that fsspec knows, such as s3://bucket/folder.

Both write a file whole or not at all. Names are relative, with `/`.
"""

import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Protocol

from dashboard.store.errors import StoreError

# Threads that only wait for the disk.
SYNCS = ThreadPoolExecutor(8, "sync")
PREFIX, SUFFIX = ".dermaboard-", ".tmp"
TEMPORARY = re.compile(re.escape(PREFIX) + ".*" + re.escape(SUFFIX))
# Seconds after which nobody writes a temporary file any more. Whether its process lives says nothing: in another
# container, processes have other numbers.
LEFT = 3600
# Bytes that have to be free for another photograph to be kept.
ROOM = 100_000_000


class Staged(Protocol):
    """Files that are ready, but not yet under their names."""

    def commit(self) -> None:
        """Put them under their names, where they survive a crash."""

    def discard(self) -> None:
        """Remove what was not committed."""


class Storage(Protocol):
    """Files by name."""

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError, for an empty one, too: none of ours is."""

    def has(self, name: str) -> bool:
        """Whether there is such a file, and something in it."""

    def stage(self, contents: Mapping[str, bytes]) -> Staged:
        """Do what takes time, and what may fail, before the files get their names."""

    def sync(self, name: str) -> None:
        """Have a file that is there survive a crash."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def names(self, folder: str) -> Iterator[str]:
        """Every file below a folder; of temporary ones those that were left behind."""

    def check(self) -> None:
        """Raise OSError when nothing could be written, without writing."""


@dataclass(frozen=True)
class LocalFolder:
    """A folder on this machine."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    def read(self, name: str) -> bytes:
        return nonempty((self.root / name).read_bytes(), name)

    def has(self, name: str) -> bool:
        try:
            return (self.root / name).stat().st_size > 0
        except FileNotFoundError:
            return False

    def stage(self, contents: Mapping[str, bytes]) -> "LocalStaged":
        staged = LocalStaged({})
        try:
            for name, data in contents.items():
                path = self.root / name
                staged.files[path] = write_temporary(path, data)
            sync_together(sync_file, staged.files.values())
        except BaseException:
            staged.discard()
            raise
        return staged

    def sync(self, name: str) -> None:
        sync_folder((self.root / name).parent)

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def names(self, folder: str) -> Iterator[str]:
        for path in (self.root / folder).rglob("*"):
            if not TEMPORARY.fullmatch(path.name) or left_behind(path):
                yield path.relative_to(self.root).as_posix()

    def check(self) -> None:
        for folder in (self.root, self.root / "images", self.root / "heatmaps"):
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if shutil.disk_usage(self.root).free < ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@dataclass(frozen=True)
class LocalStaged:
    """Temporary files by the path that each is for."""

    files: dict[Path, Path]

    def commit(self) -> None:
        for path, file in self.files.items():
            file.replace(path)
        sync_together(sync_folder, {path.parent for path in self.files})
        self.files.clear()

    def discard(self) -> None:
        for file in self.files.values():
            file.unlink(missing_ok=True)


def write_temporary(path: Path, data: bytes) -> Path:
    """The bytes in a new file beside a path."""
    new_folder(path.parent)
    with NamedTemporaryFile(dir=path.parent, prefix=PREFIX, suffix=SUFFIX, delete=False) as file:
        try:
            file.write(data)
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise
    return Path(file.name)


def sync_together(sync: Callable[[Path], None], paths: Collection[Path]) -> None:
    """Sync several paths in the time of one: the disk writes them together."""
    list(SYNCS.map(sync, paths) if len(paths) > 1 else map(sync, paths))


def sync_file(file: Path) -> None:
    """Have a file on the disk for good."""
    # Windows syncs only what is open for writing.
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder last. Windows neither needs nor allows it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def left_behind(file: Path) -> bool:
    """Whether a temporary file is there that nobody will give its name."""
    try:
        return time.time() - file.stat().st_mtime > LEFT
    except FileNotFoundError:
        return False


def nonempty(data: bytes, name: str) -> bytes:
    """The bytes of a file that is not empty. Raises FileNotFoundError."""
    if not data:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return data


def new_folder(path: Path) -> None:
    """Make a folder, and those around it, that only the owner may look into."""
    if not path.is_dir():
        new_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner may read; it appears complete or not at all.

    Raises:
        StoreError: the file exists already or cannot be written.
    """
    if path.exists():
        raise StoreError(f"{path} exists already. Choose another name.")
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with open(partial, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def reaching() -> Iterator[None]:
    """Turns whatever the libraries of object stores raise into an OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"it does not answer ({type(error).__name__})") from error


class RemoteFolder:
    """A folder at an address of fsspec. Object stores show an object when all of it is there."""

    def __init__(self, address: str) -> None:
        """Raises StoreError when fsspec or what it needs for this address is missing, or the address is none."""
        # Slow to import, and most have a folder.
        import fsspec

        self.scheme = address.split("://", maxsplit=1)[0]
        try:
            self.system: Any
            self.system, self.root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError) as error:
            hint = "Install s3fs for it. " if self.scheme == "s3" else ""
            raise StoreError(f"DERMABOARD_IMAGE_STORE cannot be used: {error}. {hint}".strip()) from error

    def __str__(self) -> str:
        return f"{self.scheme}://{self.root}"

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    @reaching()
    def read(self, name: str) -> bytes:
        return nonempty(bytes(self.system.cat_file(self._path(name))), name)

    @reaching()
    def has(self, name: str) -> bool:
        try:
            return bool(self.system.size(self._path(name)))
        except FileNotFoundError:
            return False

    def stage(self, contents: Mapping[str, bytes]) -> "RemoteStaged":
        return RemoteStaged(self.system, {self._path(name): data for name, data in contents.items()})

    def sync(self, name: str) -> None:
        """An object that is shown is there for good."""

    @reaching()
    def remove(self, name: str) -> None:
        if self.system.exists(self._path(name)):
            self.system.rm_file(self._path(name))

    @reaching()
    def check(self) -> None:
        # Only writing shows whether it can be written; that it answers is something.
        self.system.exists(self._path(""))

    def names(self, folder: str) -> Iterator[str]:
        start = self._path("")
        with reaching():
            there = self.system.exists(self._path(folder))
            found = self.system.find(self._path(folder)) if there else ()
        for path in found:
            yield path[path.index(start) + len(start) :] if start in path else path


@dataclass(frozen=True)
class RemoteStaged:
    """Objects to be written."""

    system: Any
    contents: dict[str, bytes]

    @reaching()
    def commit(self) -> None:
        for path, data in self.contents.items():
            self.system.makedirs(path.rsplit("/", maxsplit=1)[0], exist_ok=True)
            self.system.pipe_file(path, data)

    def discard(self) -> None:
        """Nothing was written yet."""


def open_storage(data_dir: Path, address: str | None) -> Storage:
    """The data folder itself, or the place at another address; `file://` is a folder like any other."""
    if address is None:
        return LocalFolder(data_dir)
    if address.startswith("file://"):
        return LocalFolder(Path(address.removeprefix("file://")))
    return RemoteFolder(address)
