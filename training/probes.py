"""What a card says beyond scores: does the network know the source, do its maps mean anything, what is a pair worth?

Everything is measured with the graph that serves, on validation images; pairs on every split that is scored.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from model.bundle import Card
from model.calibration import calibrate
from model.engine import Engine
from model.evaluation import shares
from model.evaluation.delong import compare_auc, delong_auc
from model.evaluation.intervals import Interval
from model.evaluation.stored import MAIN, truth_of
from model.evidence import class_evidence
from model.modality import Modality
from training.fit import some_of_each, still_images
from training.guard import embed_images, still
from training.judge import lesions_in
from training.pixels import PixelStore

# Nevi of each source that are looked at, and folds by lesion.
NEVI, FOLDS = 400, 5
# Lesions of each modality whose maps are tried, and shares of the image that are taken away or brought back.
TRIED, STEPS = 160, np.linspace(0, 1, 11)
KINDS = (Modality.DERMOSCOPIC, Modality.CLOSE_UP)

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]


def probe(engine: Engine, card: Card, store: PixelStore, scores: pd.DataFrame) -> dict[str, Any]:
    """The facts `source_probe`, `evidence` and `pairs` of a card; without what the data cannot tell.

    Args:
        engine: of the graph that ships; `card` as it ships.
        scores: rows of its scores.parquet.
    """
    facts = {
        "source_probe": probe_sources(engine, store),
        "evidence": evidence_by_modality(engine, card, store),
        "pairs": pairs_of_photographs(scores, card),
    }
    return {name: value for name, value in facts.items() if value}


def probe_sources(engine: Engine, store: PixelStore) -> list[dict[str, Any]]:
    """How well a linear model tells two sources apart by the embedding, among dermoscopic nevi of validation.

    All of them are one diagnosis: a network that looks at lesions alone would give 0.5.

    Returns:
        For each pair of sources `first`, `second`, the `images` of each, and `auc` with its interval by lesion.
    """
    cases = store.cases
    wanted = (cases["label"] == "nv") & (cases["modality"] == Modality.DERMOSCOPIC)
    rows = store.rows("validation")
    rows = some_of_each(cases["domain"], rows[wanted.to_numpy()[rows]], NEVI)
    if not len(rows):
        return []
    embeddings = embed_images(engine, still(store, engine.size), rows, "look at nevi")
    sources, lesions = (cases[name].to_numpy(str)[rows] for name in ("source", "group"))
    return [
        {
            "first": first,
            "second": second,
            "images": [int((sources == name).sum()) for name in (first, second)],
            "auc": separation_auc(embeddings[pair], sources[pair] == second, lesions[pair]).as_json(),
        }
        for first, second in combinations(sorted(set(sources)), 2)
        for pair in (np.isin(sources, (first, second)),)
        if min(len(set(lesions[sources == name])) for name in (first, second)) >= FOLDS
    ]


def separation_auc(
    embeddings: NDArray[np.float32], second: NDArray[np.bool_], lesions: NDArray[np.str_]
) -> Interval:
    """AUC by which a logistic regression, cross-validated by lesion, tells two sets of embeddings (n, d) apart."""
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    )
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    scores = cross_val_predict(
        model, embeddings, second, groups=lesions, cv=folds, method="decision_function"
    )
    return delong_auc(second, scores, lesions)


def evidence_by_modality(engine: Engine, card: Card, store: PixelStore) -> dict[str, dict[str, Any]]:
    """Whether the map of the evidence means something, for every modality of the validation split.

    Empty for a network without class activation maps.
    """
    by_modality: dict[str, dict[str, Any]] = {}
    cases = store.cases
    for kind in KINDS:
        rows = store.rows("validation")
        rows = rows[(cases["modality"] == kind).to_numpy()[rows]]
        # One image a lesion, sources as they come.
        rows = np.random.default_rng(0).permutation(rows)
        _, firsts = np.unique(cases["group"].to_numpy(str)[rows], return_index=True)
        rows = rows[np.sort(firsts)][:TRIED]
        if len(rows) < 2 or engine.run(still_images(store, rows[:1], engine.size)).maps is None:
            continue
        areas = np.array(
            [
                map_areas(engine, card, still(store, engine.size)(int(row)), kind, int(row))
                for row in tqdm(rows, desc=f"try maps, {kind}", unit="image")
            ]
        )
        by_modality[str(kind)] = beats_chance(areas, cases["group"].to_numpy(str)[rows])
    return by_modality


def beats_chance(areas: Floats, lesions: NDArray[np.str_]) -> dict[str, Any]:
    """Means of what `map_areas` gives (n, 4), and how much better than chance the maps are, with a 95 % interval.

    Returns:
        `deletion`, `deletion_random`, `insertion`, `insertion_random`, `images`; `difference`, the mean of what
        deletion falls short of chance and insertion exceeds it; its `low` and `high`; `shown`, whether it is above 0.
    """
    names = ("deletion", "deletion_random", "insertion", "insertion_random")
    gain = shares.mean_with_interval((areas[:, 1] - areas[:, 0] + areas[:, 2] - areas[:, 3]) / 2, lesions)
    return {
        **dict(zip(names, areas.mean(axis=0).tolist(), strict=True)),
        "images": len(areas),
        "difference": gain.value,
        "low": gain.low,
        "high": gain.high,
        "shown": gain.low > 0,
    }


def map_areas(engine: Engine, card: Card, image: Pixels, kind: Modality, seed: int) -> list[float]:
    """Areas under the deletion and insertion curves of one image (Petsiuk et al. 2018, "RISE").

    Deletion paints the places of most evidence over with the mean colour, insertion brings them back into a blurred
    image. A map at random is the same map with its cells in another order: as smooth, with the same values.

    Returns:
        Mean calibrated probability of malignancy over STEPS: deletion by the map and at random, insertion likewise.
    """
    rng = np.random.default_rng(seed)
    output = engine.run(image[None])
    assert output.maps is not None
    own = class_evidence(output.maps[0], output.probabilities[0], card.taxonomy.columns)
    # Where a map says nothing, chance decides.
    shuffled = rng.permutation(own.ravel()).reshape(own.shape)
    orders = [evidence_ranks(cells + 1e-6 * rng.random(cells.shape), len(image)) for cells in (own, shuffled)]
    mean = np.broadcast_to(image.mean(axis=(0, 1)).round().astype(np.uint8), image.shape)
    blur = np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(len(image) / 16)))
    changed = [
        np.where((order < share)[..., None], inside, outside)
        for inside, outside in ((mean, image), (image, blur))
        for order in orders
        for share in STEPS
    ]
    calibrated = calibrate(
        engine.run(np.stack(changed)).probabilities, card.calibration(kind), card.taxonomy.columns
    )
    curves = card.taxonomy.malignancy(calibrated).reshape(4, len(STEPS))
    return [float(np.trapezoid(curve, STEPS)) for curve in curves]


def evidence_ranks(cells: Floats, size: int) -> Floats:
    """The place of each pixel (size, size) by falling evidence, as a share from 0 to below 1."""
    smooth = np.asarray(
        Image.fromarray(cells.astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR)
    )
    places = np.empty(smooth.size)
    places[np.argsort(-smooth.ravel(), kind="stable")] = np.arange(smooth.size) / smooth.size
    return places.reshape(smooth.shape)


def pairs_of_photographs(scores: pd.DataFrame, card: Card) -> dict[str, Any]:
    """What both photographs of a lesion are worth together, by split: the mean of their log odds.

    Returns:
        For each split with such lesions of both kinds: `lesions`, `malignant`; the AUC `dermoscopic`, `close_up` and
        `both`, and `difference` of both from dermoscopic alone, each with a 95 % interval (DeLong).
    """
    if "modality" not in scores or "run" not in scores:
        return {}
    rows = scores[(scores["run"] == MAIN) & scores["modality"].isin(KINDS)].reset_index(drop=True)
    odds = pd.Series(np.nan, index=rows.index)
    for kind in KINDS:
        own = rows[rows["modality"] == kind]
        raw = own[[f"raw_{name}" for name in card.classes]].to_numpy(np.float64)
        p = card.taxonomy.malignancy(calibrate(raw, card.calibration(kind), card.taxonomy.columns))
        odds[own.index] = logit(np.clip(p, 1e-9, 1 - 1e-9))
    table = rows.assign(odds=odds, lesion=lesions_in(rows), truth=truth_of(rows, card.taxonomy))
    by_split = {split: pair_figures(part) for split, part in table.groupby("split") if split != "train"}
    return {str(split): value for split, value in by_split.items() if value}


def pair_figures(rows: pd.DataFrame) -> Mapping[str, Any]:
    """One split's part of `pairs_of_photographs`; empty where malignant or benign lesions have no pair."""
    by_lesion = rows.pivot_table(index="lesion", columns="modality", values="odds").reindex(
        columns=list(KINDS)
    )
    by_lesion = by_lesion.dropna()
    truth = rows.groupby("lesion")["truth"].any()[by_lesion.index].to_numpy(bool)
    if truth.all() or not truth.any():
        return {}
    dermoscopic, close = by_lesion.to_numpy(np.float64).T
    both = (dermoscopic + close) / 2
    beside = compare_auc(truth, both, dermoscopic)
    return {
        "lesions": len(truth),
        "malignant": int(truth.sum()),
        "dermoscopic": delong_auc(truth, dermoscopic).as_json(),
        "close_up": delong_auc(truth, close).as_json(),
        "both": delong_auc(truth, both).as_json(),
        "difference": beside.difference.as_json(),
    }
