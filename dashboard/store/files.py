"""Images on disk: written whole or not at all, named by content, and swept when no row names them."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

ID = re.compile(r"[0-9a-f-]{36}")
SHA256 = re.compile(r"[0-9a-f]{64}")
# What this module writes. Nothing else is ever swept: a folder of the user's own pictures stays as it is.
IMAGE = re.compile(r"([0-9a-f]{64})(?:\.thumb)?\.jpg")
HEATMAP = re.compile(r"([0-9a-f-]{36})\.png")
TEMPORARY = re.compile(r"\.dermaboard-.*\.tmp")


@dataclass(frozen=True)
class Files:
    """The files below one data folder."""

    root: Path

    def image(self, sha256: str) -> Path:
        """Where the image with this digest lies."""
        return self._named(sha256, ".jpg")

    def thumbnail(self, sha256: str) -> Path:
        """Where its thumbnail lies."""
        return self._named(sha256, ".thumb.jpg")

    def _named(self, sha256: str, ending: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError("An image is named by its SHA-256 in lower case.")
        return self.root / "images" / sha256[:2] / (sha256 + ending)

    def heatmap(self, prediction_id: str) -> Path:
        """Where the heatmap of this prediction lies."""
        if not ID.fullmatch(prediction_id):
            raise ValueError("A heatmap is named by the id of its prediction.")
        return self.root / "heatmaps" / (prediction_id + ".png")

    @property
    def marker(self) -> Path:
        """Holds the identity of the database that these files belong to."""
        return self.root / "images" / ".store"

    def orphans(self, images: Iterable[str], heatmaps: Iterable[str]) -> Iterator[Path]:
        """Every file of ours that neither these digests nor these ids name, temporary ones included."""
        named = set(images), set(heatmaps)
        for folder, pattern, names in (("images", IMAGE, named[0]), ("heatmaps", HEATMAP, named[1])):
            for path in (self.root / folder).rglob("*"):
                match = pattern.fullmatch(path.name)
                if TEMPORARY.fullmatch(path.name) or (match and match[1] not in names):
                    yield path


def write(path: Path, data: bytes) -> None:
    """Write a file so that, after a crash at any moment, it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".dermaboard-", suffix=".tmp", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder last. Windows neither needs nor allows it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
