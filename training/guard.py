"""From an exported graph and prepared cases to a bundle's reference and the limits of its cautions.

Everything here goes through the code that serves. Limits come from the validation split at the resolutions that users
send (the common copy of every image, and the sharp one where there is one); the test split is only measured. What is
familiar comes from the training images as they are and as other clinics would have taken them: by another light,
through a round lens, with hair. Without the second, three of four images in a dark ring were refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from model.bundle import Card
from model.calibration import temper
from model.engine import Engine
from model.images import square
from model.novelty import Familiar, appearance
from model.quality import RULES, measure, quality_cautions
from model.reference import DIMENSIONS, Reference, directions
from model.stability import views
from training.augment import Views, view
from training.negatives import NEGATIVES, draw_negative
from training.pixels import PixelStore

Images = Callable[[int], NDArray[np.uint8]]
Floats = NDArray[np.float64]

# Shares of validation images that may be cautioned. Together they leave room below 2 % of other images.
QUALITY_ALARMS, NOVELTY_ALARMS, SPREAD_ALARMS = 0.005, 0.0125, 0.02
SUBSPACE = 128
TURNED = 500
# Drawn pictures of each kind that are measured, and others that the boundary is fitted on.
DRAWN, FITTED = 20, 150
# One white pixel is no glare, however rare it is.
FLOORS: Mapping[str, float] = {"glare": 0.005}
BATCH = 32
ELSEWHERE = Views(
    zoom=0.2, brightness=0.2, contrast=0.2, saturation=0.25, balance=0.08, blur=0.3, hair=0.3, corners=0.35
)


@dataclass(frozen=True)
class Seen:
    """What the serving code measures of n images: embeddings (n, d), appearances (n, m), quality measures."""

    embeddings: NDArray[np.float32]
    appearances: Floats
    quality: list[dict[str, float]]


def build_guard(
    engine: Engine, card: Card, store: PixelStore, test: bool
) -> tuple[Reference, dict[str, Any]]:
    """A bundle's reference, and `Card.guard`.

    Args:
        engine: of the graph that is exported.
        card: of that graph.
        test: whether the test split is open, and may be measured; nothing is chosen by it.
    """
    rows = store.rows("train")
    cases = store.cases.iloc[rows]
    train = look(engine, common(store, engine.size), rows, "look at train")
    known = together(train, look(engine, elsewhere(store, engine.size), rows, "look at train, altered"))
    validation = both(engine, store, "validation")
    near = fit_familiar(known.embeddings, known.appearances)
    others = {kind: drawn(engine, kind, np.arange(DRAWN, DRAWN + FITTED)) for kind in NEGATIVES}
    familiar = fenced(near, known, list(others.values()), validation)
    reference = Reference(
        familiar,
        directions(train.embeddings, familiar, min(DIMENSIONS, familiar.basis.shape[1])),
        cases["image_id"].to_numpy(np.str_),
        cases["lesion_id"].to_numpy(np.str_),
        cases["label"].to_numpy(np.str_),
    )
    limits = quality_limits(validation.quality)
    spreads = turned_spreads(engine, card, store)
    altered = look(
        engine, elsewhere(store, engine.size), store.rows("validation"), "look at validation, altered"
    )
    measured: dict[str, Any] = {
        "validation": alarms(validation, familiar, limits),
        "validation, altered": alarms(altered, familiar, limits),
    }
    if test:
        measured["test"] = alarms(both(engine, store, "test"), familiar, limits)
    # Each kind by a boundary that was fitted without it: people will send what nobody thought of.
    measured["drawn"] = {
        kind: alarms(
            drawn(engine, kind, np.arange(DRAWN)),
            fenced(near, known, [others[other] for other in others if other != kind], validation),
            limits,
        )
        for kind in NEGATIVES
    }
    guard = {
        "quality": limits,
        "spread": float(np.quantile(spreads, 1 - SPREAD_ALARMS)),
        "measured": measured,
    }
    return reference, guard


def common(store: PixelStore, size: int) -> Images:
    """Images by row, from their common copy."""
    return lambda row: square(store.common[row], size)


def elsewhere(store: PixelStore, size: int) -> Images:
    """Images by row, from their sharpest copy, as if taken elsewhere; a row always gives the same one."""
    return lambda row: view(store.sharp[row], size, ELSEWHERE, np.random.default_rng((row, 23)))


def together(*parts: Seen) -> Seen:
    """All of them, one after the other."""
    return Seen(
        np.concatenate([one.embeddings for one in parts]),
        np.concatenate([one.appearances for one in parts]),
        [found for one in parts for found in one.quality],
    )


def both(engine: Engine, store: PixelStore, split: str) -> Seen:
    """A split's images, from the common copy and, where there is one, from the sharp copy too."""
    rows = store.rows(split)
    has_sharp = (store.cases["detail"].iloc[rows] > store.common.shape[1]).to_numpy()
    coarse = look(engine, common(store, engine.size), rows, f"look at {split}")
    if not has_sharp.any():
        return coarse
    sharp = look(
        engine, lambda row: square(store.sharp[row], engine.size), rows[has_sharp], f"look at {split}, sharp"
    )
    return together(coarse, sharp)


def drawn(engine: Engine, kind: str, seeds: NDArray[np.intp]) -> Seen:
    """Drawn pictures of one kind that show no lesion."""
    return look(engine, lambda seed: draw_negative(kind, seed, engine.size), seeds, f"draw {kind}")


def look(engine: Engine, images: Images, rows: NDArray[np.intp], title: str) -> Seen:
    """Run and measure images, a batch at a time."""
    embeddings: list[NDArray[np.float32]] = []
    appearances: list[Floats] = []
    quality: list[dict[str, float]] = []
    for batch in batches(images, rows, title):
        embeddings.append(engine.run(batch).embeddings)
        appearances += [appearance(image) for image in batch]
        quality += [measure(image) for image in batch]
    return Seen(np.concatenate(embeddings), np.stack(appearances), quality)


def batches(images: Images, rows: NDArray[np.intp], title: str) -> Iterator[NDArray[np.uint8]]:
    """Stacks of BATCH images behind a progress bar."""
    for start in tqdm(range(0, len(rows), BATCH), desc=title, unit="batch", mininterval=0.5):
        yield np.stack([images(int(row)) for row in rows[start : start + BATCH]])


def fit_familiar(embeddings: NDArray[np.float32], appearances: Floats) -> Familiar:
    """Statistics of training images, the limits still 1.

    Args:
        embeddings: (n, d).
        appearances: (n, m).
    """
    centre = embeddings.mean(axis=0)
    away = (embeddings - centre).astype(np.float64)
    # Fewer images than directions leave most of them unknown; a quarter of either is a subspace that means something.
    dimensions = max(1, min(SUBSPACE, embeddings.shape[1] // 2, len(embeddings) // 4))
    _, vectors = np.linalg.eigh(away.T @ away)
    basis = vectors[:, ::-1][:, :dimensions]
    # The basis is stored in half precision: limits must be measured with what is stored.
    stored = basis.astype(np.float16).astype(np.float32)
    covariance = np.cov(appearances, rowvar=False)
    covariance += np.diag(1e-3 * np.diag(covariance) + 1e-9)
    whitening = np.linalg.cholesky(np.linalg.inv(covariance))
    nowhere = np.zeros(embeddings.shape[1] + appearances.shape[1], np.float32)
    return Familiar(centre, stored, 1.0, appearances.mean(axis=0), whitening, 1.0, nowhere)


def fenced(familiar: Familiar, train: Seen, others: Sequence[Seen], validation: Seen) -> Familiar:
    """Statistics of training images with the boundary to other pictures, and all limits from validation images."""
    boundary, offset = fit_boundary(
        (train.embeddings, train.appearances),
        (
            np.concatenate([one.embeddings for one in others]),
            np.concatenate([one.appearances for one in others]),
        ),
    )
    familiar = replace(familiar, boundary=boundary, boundary_offset=offset)
    limits = limits_for(
        {
            "residual": familiar.residuals(validation.embeddings),
            "appearance": familiar.oddness(validation.appearances),
            "boundary": familiar.foreignness(validation.embeddings, validation.appearances),
        },
        NOVELTY_ALARMS,
    )
    return replace(
        familiar,
        residual_limit=limits["residual"],
        appearance_limit=limits["appearance"],
        boundary_limit=limits["boundary"],
    )


def fit_boundary(
    known: tuple[NDArray[np.float32], Floats], others: tuple[NDArray[np.float32], Floats]
) -> tuple[NDArray[np.float32], float]:
    """A linear boundary between two sets of embeddings (n, d) and appearances (n, m), by logistic regression.

    Returns:
        float32 (d + m,), and the offset that brings the mean of the known to 0.
    """
    # Each block standardised, and weighed by its number of columns: fourteen plain numbers count as much as all the
    # network's. The floor keeps features that are silent for lesions from deciding alone.
    scales = [
        np.sqrt(block.shape[1]) * (deviation + 0.1 * deviation.mean() + 1e-9)
        for block, deviation in ((block, block.std(axis=0)) for block in known)
    ]
    scale, mean = np.concatenate(scales), np.concatenate([block.mean(axis=0) for block in known])
    rows = np.concatenate([np.concatenate(known, axis=1), np.concatenate(others, axis=1)])
    foreign = np.arange(len(rows)) >= len(known[0])
    # Balanced, for there are far more known images than others.
    fitted = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000).fit(
        (rows - mean) / scale, foreign
    )
    boundary = (fitted.coef_[0] / scale).astype(np.float32)
    return boundary, -float(mean @ boundary)


def quality_limits(measures: list[dict[str, float]]) -> dict[str, float]:
    """Limits of the quality measures by name; about QUALITY_ALARMS of these images are beyond any of them."""
    signs = {name: -1.0 if side == "low" else 1.0 for name, (side, _, _) in RULES.items()}
    columns = {name: sign * np.array([one[name] for one in measures]) for name, sign in signs.items()}
    limits = {name: signs[name] * limit for name, limit in limits_for(columns, QUALITY_ALARMS).items()}
    return limits | {name: max(limits[name], floor) for name, floor in FLOORS.items()}


def limits_for(columns: Mapping[str, Floats], alarms: float) -> dict[str, float]:
    """A limit for each column at the same quantile, so that a share of the rows is above at least one of them.

    Args:
        columns: (n,) each, higher is worse.
        alarms: the share of rows, 0 to 1; the limits are as low as they can be for at most that share.
    """
    values = np.stack(list(columns.values()), axis=1)
    low, high = 1 - alarms, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        if (values > np.quantile(values, middle, axis=0)).any(axis=1).mean() > alarms:
            low = middle
        else:
            high = middle
    return dict(zip(columns, np.quantile(values, high, axis=0).tolist(), strict=True))


def turned_spreads(engine: Engine, card: Card, store: PixelStore) -> Floats:
    """Highest less lowest calibrated probability over the eight views of some validation images."""
    rows = store.rows("validation")
    chosen = np.random.default_rng(0).permutation(rows)[:TURNED]
    found: list[float] = []
    for row in tqdm(chosen, desc="turn validation", unit="image", mininterval=0.5):
        output = engine.run(views(square(store.common[row], engine.size)))
        scores = card.taxonomy.malignancy(temper(output.probabilities, card.temperature))
        found.append(float(np.ptp(scores)))
    return np.array(found)


def alarms(seen: Seen, familiar: Familiar, limits: Mapping[str, float]) -> dict[str, Any]:
    """Shares of images that are refused as unlike the training images, that get a quality caution, or either."""
    unlike = familiar.novelty(seen.embeddings, seen.appearances) >= 1
    poor = np.array([bool(quality_cautions(one, limits)) for one in seen.quality])
    return {
        "images": len(unlike),
        "unlike": float(unlike.mean()),
        "quality": float(poor.mean()),
        "either": float((unlike | poor).mean()),
    }
