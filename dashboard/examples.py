"""The drawn examples: pictures to try the page with, which nobody may take for photographs of patients."""

import hashlib
from functools import cache
from pathlib import Path

# What the shipped model makes of each, in the order of their numbers; a test holds it.
EXAMPLE_OUTCOMES = ("malignant", "uncertain", "no_result", "benign")
# Of the first, for the result that the first page shows in small, and the share of malignant lesions it holds for.
EXAMPLE_CHANCE = 0.87
EXAMPLE_PREVALENCE = 0.2
# SHA-256 of those that came with earlier versions: predictions of them are in people's histories.
EARLIER = frozenset(
    {
        "071f03bacfc3e4c9af56b5eafca1a32fdc23f3fe049cd383eb551f13c8242665",
        "28406509fc54bbcc61ee982ba6fb703235061c33db01f4d7a846031f7972652b",
        "5da3b28a2e89b97b447849c0e632a76699de93adadcf66cef85ca407da9851a6",
        "648e7fa75f4993f2640f8d30912c8304f54bdf41c39984b885968e83555f67af",
        "8a9cbe62b06616fe40d491ae95a130470c4a2b2810eb160a98efcbb0cd899971",
    }
)
FOLDER = Path(__file__).resolve().parent.parent / "assets" / "examples"


@cache
def example_names() -> tuple[str, ...]:
    """File names of the drawn examples in the order of their numbers; empty when none are installed."""
    return tuple(sorted(path.name for path in FOLDER.glob("*.jpg")))


@cache
def example_digests() -> frozenset[str]:
    """SHA-256 of every drawn example that there is or has been."""
    return EARLIER | frozenset(
        hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in example_names()
    )


def is_drawn(sha256: str) -> bool:
    """Whether a file with this digest is one of our drawings, whatever it is called."""
    return sha256 in example_digests()
