"""A log of every look at the test split.

A figure on the test split is only as honest as it is rare: each time that somebody looks and then changes something,
the split becomes a little more of a validation split. So it stays closed until it is opened with a reason, and every
opening is written down beside the prepared data before the first image is scored, and copied into the card.
"""

import json
from datetime import UTC, datetime
from pathlib import Path


def openings_log(data: Path) -> Path:
    """The log beside a prepared data set; preparing again leaves it alone."""
    return data.with_name(data.name + ".openings.jsonl")


def note_opening(data: Path, recipe: str, seed: int, weights: str, split: str, why: str) -> None:
    """Write down that the test split is opened now.

    Args:
        weights: SHA-256 of the weights that are scored.
        split: digest of the split, see `training.cases.split_digest`.

    Raises:
        ValueError: no reason was given.
    """
    if not why.strip():
        raise ValueError("The test split is only opened for a reason: --open-test 'what for'.")
    line = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": recipe,
        "seed": seed,
        "weights_sha256": weights,
        "split_sha256": split,
        "why": why.strip(),
    }
    with openings_log(data).open("a") as file:
        file.write(json.dumps(line) + "\n")


def openings_of_split(data: Path, split: str) -> list[dict[str, str | int]]:
    """Every opening of the split with that digest, oldest first."""
    log = openings_log(data)
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [line for line in lines if line["split_sha256"] == split]
