"""A bundle's figures and guard made anew, for when the code that measures has changed and the network has not."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from model.bundle import GRAPH, SCORES, Bundle, Card, write_bundle
from model.evaluation.stored import MAIN
from training.card import JUDGED_FACTS, judged_fields
from training.cases import CasesError, split_digest
from training.judge import judge
from training.openings import note_opening, openings_of_split
from training.pipeline import measure_bundle
from training.pixels import PixelStore


def refresh(
    bundle: Bundle,
    store: PixelStore,
    data: Path,
    version: str,
    open_test: str | None,
    elsewhere: pd.DataFrame | None = None,
) -> Bundle:
    """Judge the stored scores again and build the guard again; network, graph and raw scores stay as they are.

    Args:
        store: what the bundle was trained on, from the folder `data`.
        version: of the new bundle, which takes the old one's place.
        open_test: why the guard may look at the images of the test split; needed where the bundle has scored them.
        elsewhere: scores of runs that were trained without a source, in place of the stored ones; None keeps those.

    Raises:
        CasesError: the store is split in another way than the bundle says, or the test split must be opened.
        ValueError: the reason is empty.
    """
    training, digest = bundle.card.training, split_digest(store.cases)
    if training.get("split_sha256") != digest:
        raise CasesError(
            f"The prepared data are not split as {bundle.name} says. Prepare them from what it was trained on."
        )
    if "test" in bundle.card.results:
        if open_test is None:
            raise CasesError(
                f"{bundle.name} shows figures on test: --open-test 'what for' looks at it again."
            )
        weights = bundle.card.files.get(GRAPH, "")
        note_opening(data, training["recipe"]["name"], training["seed"], weights, digest, open_test)
    scores = pd.read_parquet(bundle.path / SCORES)
    if elsewhere is not None:
        scores = pd.concat([scores[scores["run"] == MAIN], elsewhere], ignore_index=True)
    with tempfile.TemporaryDirectory() as name:
        folder, files = Path(name), {file: bundle.path / file for file in bundle.card.files}
        files[SCORES] = folder / "judged.parquet"
        scores.to_parquet(files[SCORES], index=False)
        card = judged_again(bundle.card, scores, version)
        known = card.facts.get("openings", [])
        new = [opening for opening in openings_of_split(data, digest) if opening not in known]
        card = replace(card, facts={**card.facts, "openings": [*known, *new]})
        if GRAPH in files and len(card.classes) > 1:
            card = measure_bundle(card, store, files, folder)
        return write_bundle(bundle.path, card, files)


def judged_again(card: Card, scores: pd.DataFrame, version: str) -> Card:
    """The card with everything that follows from the stored scores; what was measured on images stays."""
    facts = judge(scores, card.classes, card.taxonomy).as_facts()
    return replace(
        card,
        version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        facts={**card.facts, **{name: facts[name] for name in JUDGED_FACTS}},
        **judged_fields(facts),
    )
