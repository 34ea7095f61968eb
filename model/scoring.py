"""Scoring of files and folders of any number: one row a file, the unreadable ones with their error."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from model.cores import usable_cores
from model.images import ImageError, Limits, Photograph, decode, image_files_below
from model.predictor import Prediction, Predictor, heatmap_png
from model.taxonomy import Taxonomy

# More at a time is slower: what the graph keeps of them no longer fits the cache (measured: 4 to 6 are best).
BATCH = 4


def score_columns(taxonomy: Taxonomy) -> dict[str, type]:
    """Names and types of a table's columns; `p_<code>` are those of the model that fills it."""
    return {
        "file": str,
        "sha256": str,
        "probability": float,
        "decision": str,
        "operating_point": str,
        "threshold": float,
        "malignant_from": float,
        "diagnosis": str,
        **{f"p_{code}": float for code in taxonomy.codes},
        "novelty": float,
        "modality": str,
        "outcome": str,
        "cautions": str,
        "model": str,
        "model_sha256": str,
        "error": str,
    }


def files_below(paths: Sequence[Path]) -> Iterator[Path]:
    """The named files as they are, and every image file below the named folders, each once, sorted within a folder."""
    named = list(dict.fromkeys(paths))
    folders = {path.resolve() for path in named if path.is_dir()}
    for path in named:
        # What lies in a folder that is named too comes with that folder.
        if folders.isdisjoint(path.resolve().parents):
            yield from image_files_below(path) if path.is_dir() else (path,)


def score_files(
    predictor: Predictor,
    files: Iterable[Path],
    operating_point: str | None = None,
    heatmaps: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """One row for each file, in order, at constant memory; see `score_columns`.

    Every core takes a few files at a time and reads, decodes and predicts them, so that none waits for another: give
    the predictor one thread a call. A file that cannot be used gives a row with its `error`.

    Args:
        operating_point: by its name; the card's default for None.
        heatmaps: folder for one PNG an image, named by the file's SHA-256; None for none. There is none of a modality
            for which the card shows none.
    """
    cores = usable_cores()
    left = iter(files)
    waiting: deque[Future[list[dict[str, Any]]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            while batch := list(islice(left, BATCH)):
                waiting.append(pool.submit(score_batch, predictor, batch, operating_point, heatmaps))
                if len(waiting) > 2 * cores:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def score_batch(
    predictor: Predictor, files: Sequence[Path], operating_point: str | None, heatmaps: Path | None
) -> list[dict[str, Any]]:
    """Rows of a few files."""
    contents = [read_photograph(path) for path in files]
    return score_photographs(predictor, list(map(path_as_text, files)), contents, operating_point, heatmaps)


def score_photographs(
    predictor: Predictor,
    names: Sequence[str],
    contents: Sequence[Photograph | str],
    operating_point: str | None,
    heatmaps: Path | None = None,
) -> list[dict[str, Any]]:
    """Rows of a few photographs.

    Args:
        names: of their files.
        contents: what was decoded, or the sentence that says why there is nothing.
    """
    photographs = [item for item in contents if isinstance(item, Photograph)]
    predictions = (
        predictor.predict_many(
            photographs, heatmaps is not None, similar=False, operating_point=operating_point
        )
        if photographs
        else []
    )
    if heatmaps is not None:
        for prediction in predictions:
            if predictor.bundle.card.shows_heatmap(prediction.modality):
                (heatmaps / f"{prediction.sha256}.png").write_bytes(heatmap_png(prediction.heatmap))
    following = iter(predictions)
    return [
        prediction_row(name, next(following))
        if isinstance(item, Photograph)
        else failure_row(name, predictor, item)
        for name, item in zip(names, contents, strict=True)
    ]


def read_photograph(path: Path) -> Photograph | str:
    """The decoded image, or the sentence that says why there is none."""
    try:
        with path.open("rb") as file:
            return decode(file.read(Limits().max_bytes + 1))
    except ImageError as error:
        return str(error)
    except OSError as error:
        return f"The file cannot be read: {error.strerror or error}."


def prediction_row(name: str, prediction: Prediction) -> dict[str, Any]:
    """The row of a prediction."""
    return {
        "file": name,
        "sha256": prediction.sha256,
        "probability": prediction.probability,
        "decision": prediction.decision.value,
        "operating_point": prediction.operating_point,
        "threshold": prediction.threshold,
        "malignant_from": prediction.malignant_from,
        "diagnosis": prediction.diagnosis,
        **{f"p_{code}": value for code, value in prediction.probabilities.items()},
        "novelty": prediction.novelty,
        "modality": prediction.modality.value,
        "outcome": prediction.outcome.value,
        "cautions": " ".join(caution.code for caution in prediction.cautions) or None,
        "model": f"{prediction.model} {prediction.model_version}",
        "model_sha256": prediction.model_sha256,
        "error": None,
    }


def failure_row(name: str, predictor: Predictor, sentence: str) -> dict[str, Any]:
    """The row of a file that could not be used."""
    card = predictor.bundle.card
    return {
        **dict.fromkeys(score_columns(card.taxonomy)),
        "file": name,
        "model": f"{card.name} {card.version}",
        "model_sha256": card.sha256,
        "error": sentence,
    }


def path_as_text(path: Path) -> str:
    """A path as text that every table can hold: a name that is no UTF-8 has its odd bytes replaced."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
