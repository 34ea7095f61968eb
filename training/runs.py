"""What a run leaves in its folder."""

import json
from pathlib import Path

from model.bundle import HISTORY

BEST, LAST, FACTS = "best.weights.h5", "last.keras", "run.json"
# What in a run's history decides which epoch is the best: the mean over sources and modalities of the AUC.
JUDGED = "val_auc_by_source"


class RunError(ValueError):
    """A run cannot start or go on; the message says what to change."""


def read_history(run: Path) -> list[dict[str, float]]:
    """The epochs that a run has finished."""
    path = run / HISTORY
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
