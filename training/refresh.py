"""A bundle's figures and guard made anew, for when the code that measures has changed and the network has not."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from model.bundle import GRAPH, REFERENCE, SCORES, Bundle, Card, write_bundle
from model.engine import Engine
from model.reference import write_reference
from training.card import JUDGED_FACTS, judged_fields
from training.cases import CasesError, split_digest
from training.guard import build_guard
from training.judge import judge
from training.openings import note_opening, openings_of_split
from training.pixels import PixelStore
from training.probes import probe


def refresh(bundle: Bundle, store: PixelStore, data: Path, version: str, open_test: str | None) -> Bundle:
    """Judge the stored scores again and build the guard again; network, graph and scores stay as they are.

    Args:
        store: what the bundle was trained on, from the folder `data`.
        version: of the new bundle, which takes the old one's place.
        open_test: why the guard may look at the images of the test split; None leaves them closed.

    Raises:
        CasesError: the store is split in another way than the bundle says.
        ValueError: the reason is empty.
    """
    digest = split_digest(store.cases)
    if bundle.card.training.get("split_sha256") != digest:
        raise CasesError(
            f"The prepared data are not split as {bundle.name} says. Prepare them from what it was trained on."
        )
    if open_test is not None:
        training = bundle.card.training
        weights = bundle.card.files.get(GRAPH, "")
        note_opening(data, training["recipe"]["name"], training["seed"], weights, digest, open_test)
    card = judged_again(bundle, version)
    known = card.facts.get("openings", [])
    new = [one for one in openings_of_split(data, digest) if one not in known]
    card = replace(card, facts={**card.facts, "openings": [*known, *new]})
    with tempfile.TemporaryDirectory() as folder:
        files = {name: bundle.path / name for name in bundle.card.files}
        if GRAPH in files and len(card.classes) > 1:
            engine = Engine(bundle)
            reference, guard = build_guard(engine, card, store, open_test is not None)
            probed = probe(engine, card, store, pd.read_parquet(files[SCORES]))
            card = replace(card, guard=guard, facts={**card.facts, **probed})
            files[REFERENCE] = Path(folder) / REFERENCE
            write_reference(files[REFERENCE], reference)
        return write_bundle(bundle.path, card, files)


def judged_again(bundle: Bundle, version: str) -> Card:
    """The card with everything that follows from the stored scores; what was measured on images stays."""
    found = judge(pd.read_parquet(bundle.path / SCORES), bundle.card.classes, bundle.card.taxonomy).as_facts()
    return replace(
        bundle.card,
        version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        facts={**bundle.card.facts, **{name: found[name] for name in JUDGED_FACTS}},
        **judged_fields(found),
    )
