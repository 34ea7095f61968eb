"""The most similar known cases of a prediction: by picture where there is a folder of them, else by name and count."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dashboard.addresses import local_address
from dashboard.services import Services
from dashboard.users.roles import Permission
from dashboard.users.visitors import may
from model.images import ImageError, decode, encode
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record
    from model.predictor import Similar

ROOT = "/evaluated"
SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
# Pixels of the longer side, for paper.
PRINTED_SIDE = 240


@dataclass(frozen=True)
class KnownCase:
    """A known case, or several of one diagnosis.

    Attributes:
        name: of the diagnosis, for clinicians.
        side: "benign" or "malignant"; empty where no installed model explains the diagnosis.
        image_id: of its image; empty for several cases.
        count: of the cases.
    """

    name: str
    side: str
    image_id: str = ""
    count: int = 1

    @property
    def picture(self) -> str:
        """Where its thumbnail is."""
        return local_address(f"{ROOT}/{quote(self.image_id, safe='')}/thumbnail")


@lru_cache(maxsize=4)
def images_by_id(folder: Path) -> Mapping[str, Path]:
    """Every image below a folder by its name without the ending, but hidden ones (`._x.jpg`); looked up once."""
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES)
    return {path.stem: path for path in paths if not is_hidden(path.relative_to(folder))}


def is_hidden(path: Path) -> bool:
    """Whether a name in a path begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def pictured_cases(record: "Record") -> frozenset[str]:
    """Ids of the similar cases whose picture is there, and may be seen by whoever asks."""
    folder = Services.current().settings.images
    if folder is None or not may(Permission.PERFORMANCE):
        return frozenset()
    return frozenset(images_by_id(folder).keys() & {one.image_id for one in record.similar})


def printed_cases(record: "Record") -> dict[str, bytes]:
    """The same pictures as small JPEG files by id, without those that cannot be read."""
    folder, found = Services.current().settings.images, {}
    for image_id in pictured_cases(record):
        try:
            pixels = decode(images_by_id(Path(str(folder)))[image_id].read_bytes()).pixels
        except (ImageError, OSError):
            continue
        found[image_id] = encode(pixels, max_side=PRINTED_SIDE)
    return found


def known_cases(
    similar: "Sequence[Similar]", taxonomy: Taxonomy, pictured: Collection[str]
) -> tuple[KnownCase, ...]:
    """The cases whose picture can be shown, nearest first; where there are none, one entry a diagnosis with its count.

    Args:
        similar: nearest first.
        taxonomy: what the codes of their diagnoses mean.
        pictured: ids of images that can be shown.
    """
    cases = [(one.image_id, one.diagnosis) for one in similar if one.image_id in pictured]
    if cases:
        return tuple(KnownCase(*named_side(code, taxonomy), image_id) for image_id, code in cases)
    counts = Counter(one.diagnosis for one in similar).most_common()
    return tuple(KnownCase(*named_side(code, taxonomy), count=count) for code, count in counts)


def named_side(code: str, taxonomy: Taxonomy) -> tuple[str, str]:
    """A diagnosis by name, and its side."""
    found = taxonomy.get(code)
    return (found.name, "malignant" if found.malignant else "benign") if found else (code, "")
