"""Scoring of files and folders of any number: one row a file, the unreadable ones with their error."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from model.images import SUFFIXES, ImageError, Photograph, decode
from model.predictor import Prediction, Predictor
from model.taxonomy import CODES

COLUMNS = (
    "file",
    "sha256",
    "probability",
    "decision",
    "diagnosis",
    *(f"p_{code}" for code in CODES),
    "model",
    "error",
)
BATCH = 16


def files_below(paths: Sequence[Path]) -> list[Path]:
    """The named files as they are, and every image file below the named folders, each once, sorted within a folder."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(
            child for child in path.rglob("*") if child.suffix.lower() in SUFFIXES and child.is_file()
        )
        found |= dict.fromkeys(inside if path.is_dir() else [path])
    return list(found)


def score(predictor: Predictor, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """One row with COLUMNS for each file, in order.

    The next batch is read and decoded while the engine runs. A file that cannot be used gives a row with its `error`.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting: deque[tuple[Sequence[Path], list[Future[Photograph | str]]]] = deque()
        for start in range(0, len(files), BATCH):
            batch = files[start : start + BATCH]
            waiting.append((batch, [pool.submit(read, path) for path in batch]))
            if len(waiting) > 1:
                yield from finish(predictor, *waiting.popleft())
        while waiting:
            yield from finish(predictor, *waiting.popleft())


def finish(
    predictor: Predictor, files: Sequence[Path], futures: Sequence[Future[Photograph | str]]
) -> list[dict[str, Any]]:
    """Rows of one decoded batch."""
    decoded = [future.result() for future in futures]
    readable = [item for item in decoded if isinstance(item, Photograph)]
    predictions = iter(predictor.predict_many(readable, heatmaps=False) if readable else [])
    return [
        row(path, next(predictions)) if isinstance(item, Photograph) else failure(path, predictor, item)
        for path, item in zip(files, decoded, strict=True)
    ]


def read(path: Path) -> Photograph | str:
    """The decoded image, or the sentence that says why there is none."""
    try:
        return decode(path.read_bytes())
    except ImageError as error:
        return str(error)
    except OSError as error:
        return f"The file cannot be read: {error.strerror or error}."


def row(path: Path, prediction: Prediction) -> dict[str, Any]:
    """The row of a prediction."""
    return {
        **dict.fromkeys(COLUMNS),
        "file": str(path),
        "sha256": prediction.sha256,
        "probability": prediction.probability,
        "decision": prediction.decision.value,
        "diagnosis": prediction.diagnosis,
        **{f"p_{code}": value for code, value in prediction.probabilities.items()},
        "model": f"{prediction.model} {prediction.model_version}",
    }


def failure(path: Path, predictor: Predictor, sentence: str) -> dict[str, Any]:
    """The row of a file that could not be used."""
    card = predictor.bundle.card
    return {
        **dict.fromkeys(COLUMNS),
        "file": str(path),
        "model": f"{card.name} {card.version}",
        "error": sentence,
    }
