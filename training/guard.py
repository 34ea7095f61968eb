"""From an exported graph and prepared cases to a bundle's reference and the limits of its cautions.

Everything here goes through the code that serves. Limits come from the validation split, for every source and modality
alike; the test split is only measured. What is familiar comes from the training images as they are and as other clinics
would have taken them: by another light, through a round lens, with hair. Without the second, three of four images in a
dark ring were refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from model.bundle import Card
from model.cautions import SMALLEST
from model.engine import Engine
from model.evaluation.stored import MAIN
from model.images import square
from model.modality import Modality
from model.novelty import Familiar, appearance
from model.predictor import modality_of
from model.quality import RULES, measure, quality_cautions
from model.reference import DIMENSIONS, Reference, directions
from training.augment import Views, view
from training.drawings.negatives import NEGATIVES, draw_negative
from training.fit import some_of_each
from training.pixels import PixelStore

Images = Callable[[int], NDArray[np.uint8]]
Floats = NDArray[np.float64]

# Shares of a source's validation images that may be cautioned for their quality, and that may get no result for it or
# for being unlike the others. Together the last two leave room below 2 % of other images.
QUALITY_ALARMS, SEVERE_ALARMS, NOVELTY_ALARMS = 0.02, 0.003, 0.01
# Share of validation close-ups that must be recognised: to take one for dermoscopic may call it benign, the other way
# round a result is only less certain.
RECOGNISED = 0.975
SUBSPACE = 128
# Training images of each source and modality that say what is familiar.
KNOWN = 1500
# Drawn pictures of each kind that are measured, and others that the boundary is fitted on.
DRAWN, FITTED = 20, 150
# One white pixel is no glare, however rare it is.
FLOORS: Mapping[str, float] = {"glare": 0.005}
# A lesion that is nearly grey is a lesion; a black and white picture has no colour at all.
GREY = 1.0
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
    domains = store.cases["domain"].to_numpy(str)
    train = some_of_each(store.cases["domain"], store.rows("train"), KNOWN)
    known = together(
        look_at_images(engine, still(store, engine.size), train, "look at train"),
        look_at_images(engine, elsewhere(store, engine.size), train, "look at train, altered"),
    )
    closes = np.tile((store.cases["modality"] == Modality.CLOSE_UP).to_numpy()[train], 2)
    rows = store.rows("validation")
    validation = look_at_images(engine, still(store, engine.size), rows, "look at validation")
    near = fit_familiar(known.embeddings, known.appearances)
    if closes.any() and not closes.all():
        close = (store.cases["modality"] == Modality.CLOSE_UP).to_numpy()[rows]
        near = recognising(near, known, closes, part_of_seen(validation, close))
    others = {kind: look_at_drawings(engine, kind, np.arange(DRAWN, DRAWN + FITTED)) for kind in NEGATIVES}
    large = large_images(store, rows)
    deciding, groups = part_of_seen(validation, large), domains[rows][large]
    familiar = fenced(near, known, list(others.values()), deciding, groups)
    reference = index_lesions(engine, card, store, familiar)
    guard: dict[str, Any] = {
        "quality": quality_limits(deciding.quality, QUALITY_ALARMS, groups),
        # All decide here: beside larger images two in three of those of 84 px would be too blurred for a result.
        "severe": quality_limits(validation.quality, SEVERE_ALARMS, domains[rows]),
    }
    sets = {"validation": (validation, rows)}
    altered = look_at_images(engine, elsewhere(store, engine.size), rows, "look at validation, altered")
    sets["validation, altered"] = (altered, rows)
    if test:
        tested = store.rows("test")
        sets["test"] = (look_at_images(engine, still(store, engine.size), tested, "look at test"), tested)
    measured: dict[str, Any] = {
        f"{name}: {domain}": alarms(part_of_seen(found, domains[of] == domain), familiar, guard)
        for name, (found, of) in sets.items()
        for domain in sorted(set(domains[of]))
    }
    # Each kind by a boundary that was fitted without it: people will send what nobody thought of.
    measured["drawn"] = {
        kind: alarms(
            look_at_drawings(engine, kind, np.arange(DRAWN)),
            fenced(near, known, [others[other] for other in others if other != kind], deciding, groups),
            guard,
        )
        for kind in NEGATIVES
    }
    return reference, guard | {"measured": measured}


def index_lesions(engine: Engine, card: Card, store: PixelStore, familiar: Familiar) -> Reference:
    """The training images whose diagnosis the network has, for similar cases."""
    rows = store.rows("train")
    rows = rows[store.cases["label"].isin(card.taxonomy.codes).to_numpy()[rows]]
    cases = store.cases.iloc[rows]
    embeddings = embed_images(engine, still(store, engine.size), rows, "look at train, for similar cases")
    return Reference(
        familiar,
        directions(embeddings, familiar, min(DIMENSIONS, familiar.basis.shape[1])),
        cases["image_id"].to_numpy(np.str_),
        cases["lesion_id"].to_numpy(np.str_),
        cases["label"].to_numpy(np.str_),
    )


def guarded(
    scores: pd.DataFrame, engine: Engine, store: PixelStore, reference: Reference, guard: Mapping[str, Any]
) -> pd.DataFrame:
    """Scores with what the guard says of each image of the run that ships.

    Returns:
        The scores and `novelty`, `no_result`, `seen_as` (the modality that is recognised), and `map_x` and `map_y`, the
        embedding in the two directions in which the training images vary most; empty for other runs.
    """
    main = scores["run"] == MAIN
    place = pd.Series(np.arange(len(store.cases)), index=store.cases["image_id"])
    seen = look_at_images(
        engine, still(store, engine.size), place[scores["image_id"][main]].to_numpy(), "look at scored"
    )
    familiar = reference.familiar
    novelty = familiar.novelty(seen.embeddings, seen.appearances)
    closeness = familiar.closeness(seen.embeddings, seen.appearances)
    spots = np.zeros((len(novelty), 2))
    directions_seen = (seen.embeddings - familiar.centre) @ familiar.basis[:, :2]
    spots[:, : directions_seen.shape[1]] = directions_seen
    columns = {
        "novelty": novelty,
        "no_result": (novelty >= 1) | too_poor_images(seen, guard),
        "seen_as": [str(modality_of(*pair)) for pair in zip(novelty, closeness, strict=True)],
        "map_x": spots[:, 0],
        "map_y": spots[:, 1],
    }
    found = pd.DataFrame(columns, index=scores.index[main]).reindex(scores.index)
    return scores.assign(**{name: found[name] for name in columns}).assign(
        no_result=found["no_result"].eq(True).to_numpy()
    )


def too_poor_images(seen: Seen, guard: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Which images (n,) are too poor for a result."""
    cautions = [quality_cautions(one, guard["quality"], guard["severe"]) for one in seen.quality]
    return np.array([any(caution.severe for caution in found) for found in cautions])


def large_images(store: PixelStore, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which images (n,) decide what is unusual: those as large as a model asks for, or all where none is.

    Smaller ones get a caution for their size; they are so blurred that beside them nothing else is.
    """
    large = (store.cases[["height", "width"]].min(axis=1) >= SMALLEST).to_numpy()[rows]
    return large if large.any() else ~large


def still(store: PixelStore, size: int) -> Images:
    """Images by row, as they are."""
    return lambda row: square(store.frame(row), size)


def elsewhere(store: PixelStore, size: int) -> Images:
    """Images by row as if taken elsewhere; a row always gives the same one."""
    return lambda row: view(store.frame(row), size, ELSEWHERE, np.random.default_rng((row, 23)))


def together(*parts: Seen) -> Seen:
    """All of them, one after the other."""
    return Seen(
        np.concatenate([one.embeddings for one in parts]),
        np.concatenate([one.appearances for one in parts]),
        [found for one in parts for found in one.quality],
    )


def part_of_seen(seen: Seen, inside: NDArray[np.bool_]) -> Seen:
    """Some of them."""
    quality = [found for found, wanted in zip(seen.quality, inside, strict=True) if wanted]
    return Seen(seen.embeddings[inside], seen.appearances[inside], quality)


def recognising(familiar: Familiar, known: Seen, closes: NDArray[np.bool_], validation: Seen) -> Familiar:
    """Statistics of training images with the boundary between dermoscopic images and close-ups.

    Args:
        closes: which of the known images (n,) are close-ups.
        validation: close-ups; at least RECOGNISED of them are on their side of the boundary.
    """
    dermoscopic, close = part_of_seen(known, ~closes), part_of_seen(known, closes)
    direction, offset, middle = fit_boundary(
        (dermoscopic.embeddings, dermoscopic.appearances), (close.embeddings, close.appearances)
    )
    familiar = replace(familiar, close_up=direction, close_up_offset=offset + middle)
    if not len(validation.embeddings):
        return familiar
    log_odds = familiar.closeness(validation.embeddings, validation.appearances)
    lowest = float(np.quantile(log_odds, 1 - RECOGNISED, method="lower"))
    # A hair more, so that the image at the limit is recognised too.
    return replace(familiar, close_up_offset=familiar.close_up_offset + max(0.0, 1e-6 - lowest))


def look_at_drawings(engine: Engine, kind: str, seeds: NDArray[np.intp]) -> Seen:
    """Drawn pictures of one kind that show no lesion."""
    return look_at_images(engine, lambda seed: draw_negative(kind, seed, engine.size), seeds, f"draw {kind}")


def look_at_images(engine: Engine, images: Images, rows: NDArray[np.intp], title: str) -> Seen:
    """Run and measure images, a batch at a time."""
    embeddings: list[NDArray[np.float32]] = []
    appearances: list[Floats] = []
    quality: list[dict[str, float]] = []
    with ThreadPoolExecutor() as pool:
        for batch in image_batches(images, rows, title):
            embeddings.append(engine.run(batch).embeddings)
            appearances += pool.map(appearance, batch)
            quality += pool.map(measure, batch)
    return Seen(np.concatenate(embeddings), np.stack(appearances), quality)


def embed_images(engine: Engine, images: Images, rows: NDArray[np.intp], title: str) -> NDArray[np.float32]:
    """Embeddings (n, d) of images, a batch at a time."""
    return np.concatenate([engine.run(batch).embeddings for batch in image_batches(images, rows, title)])


def image_batches(images: Images, rows: NDArray[np.intp], title: str) -> Iterator[NDArray[np.uint8]]:
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


def fenced(
    familiar: Familiar, train: Seen, others: Sequence[Seen], validation: Seen, groups: NDArray[np.str_]
) -> Familiar:
    """Statistics of training images with the boundary to other pictures, and all limits from validation images."""
    boundary, offset, _ = fit_boundary(
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
        groups,
    )
    return replace(
        familiar,
        residual_limit=limits["residual"],
        appearance_limit=limits["appearance"],
        boundary_limit=limits["boundary"],
    )


def fit_boundary(
    known: tuple[NDArray[np.float32], Floats], others: tuple[NDArray[np.float32], Floats]
) -> tuple[NDArray[np.float32], float, float]:
    """A linear boundary between two sets of embeddings (n, d) and appearances (n, m), by logistic regression.

    Returns:
        float32 (d + m,), the offset that brings the mean of the known to 0, and what has to be added to it to bring the
        boundary there.
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
    return boundary, -float(mean @ boundary), float(fitted.intercept_[0])


def quality_limits(
    measures: list[dict[str, float]], most: float, groups: NDArray[np.str_]
) -> dict[str, float]:
    """Limits of the quality measures by name; at most a share of any group's images are beyond one of them."""
    signs = {name: -1.0 if side == "low" else 1.0 for name, (side, _, _) in RULES.items() if name != "colour"}
    columns = {name: sign * np.array([one[name] for one in measures]) for name, sign in signs.items()}
    limits = {name: signs[name] * limit for name, limit in limits_for(columns, most, groups).items()}
    return limits | {name: max(limits[name], floor) for name, floor in FLOORS.items()} | {"colour": GREY}


def limits_for(columns: Mapping[str, Floats], alarms: float, groups: NDArray[np.str_]) -> dict[str, float]:
    """A limit for each column at the same quantile, so that a share of the rows is above at least one of them.

    Args:
        columns: (n,) each, higher is worse.
        alarms: the share of rows, 0 to 1; the limits are as low as they can be for at most that share of every group.
        groups: (n,), of each row.
    """
    values = np.stack(list(columns.values()), axis=1)
    low, high = 1 - alarms, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        above = np.asarray((values > np.quantile(values, middle, axis=0)).any(axis=1))
        if max(above[groups == group].mean() for group in set(groups)) > alarms:
            low = middle
        else:
            high = middle
    return dict(zip(columns, np.quantile(values, high, axis=0).tolist(), strict=True))


def alarms(seen: Seen, familiar: Familiar, guard: Mapping[str, Any]) -> dict[str, Any]:
    """Shares of images that are unlike the training images, that get a quality caution, that get no result, and that
    are taken for close-ups."""
    unlike = familiar.novelty(seen.embeddings, seen.appearances) >= 1
    cautions = [quality_cautions(one, guard["quality"], guard["severe"]) for one in seen.quality]
    return {
        "images": len(unlike),
        "unlike": float(unlike.mean()),
        "quality": float(np.mean([bool(found) for found in cautions])),
        "no_result": float((unlike | too_poor_images(seen, guard)).mean()),
        "close_up": float((familiar.closeness(seen.embeddings, seen.appearances) > 0).mean()),
    }
