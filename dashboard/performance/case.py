"""One evaluated case: what every model says of it, the lesion's other images, and its place in the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.performance.selection import listed_cases
from dashboard.performance.view import View
from model.bundle import Bundle
from model.evaluation.review import bundle_scores, evaluated_rows

Row = Mapping[Any, Any]
# Other images of a lesion that are shown.
MOST = 24


@dataclass(frozen=True)
class ListPlace:
    """Where a case stands in the list that led to it: from 1, of how many, and who stands beside it."""

    number: int
    total: int
    before: str | None
    after: str | None


@dataclass(frozen=True)
class EvaluatedCase:
    """A case as one model's scores have it.

    Attributes:
        row: of the scores of the view's model.
        threshold: the view's, a probability.
        others: every model that has scored the image, with its row; the view's first.
        siblings: rows of other images of the lesion.
        place: None where the case is not in the list of the view.
    """

    row: Row
    threshold: float
    others: tuple[tuple[Bundle, Row], ...]
    siblings: tuple[Row, ...]
    place: ListPlace | None


def find_case(view: View, models: Sequence[Bundle], image_id: str) -> EvaluatedCase | None:
    """The case of an image; None where the view's model has not scored it."""
    row = row_of(view.model, image_id, view.split)
    if row is None:
        return None
    threshold = view.review.probability(view.position)
    rest = [one for one in models if one.name != view.model.name]
    found = [(one, other) for one in rest if (other := row_of(one, image_id, row["split"])) is not None]
    return EvaluatedCase(
        row,
        threshold,
        ((view.model, row), *found),
        siblings(view.model, row),
        place_in_list(view, image_id, threshold),
    )


def row_of(bundle: Bundle, image_id: str, split: str) -> Row | None:
    """The scores of an image, of that split where it was scored in several."""
    table = bundle_scores(bundle)
    found = table[table["image_id"] == image_id]
    if found.empty:
        return None
    inside = found[found["split"] == split]
    return dict((inside if len(inside) else found).iloc[0])


def siblings(bundle: Bundle, row: Row) -> tuple[Row, ...]:
    """Other images of the same lesion, where that is known."""
    lesion = row.get("lesion_id")
    if not isinstance(lesion, str) or not lesion:
        return ()
    table = bundle_scores(bundle)
    found = table[(table["lesion_id"] == lesion) & (table["image_id"] != row["image_id"])]
    return tuple(found.drop_duplicates("image_id").head(MOST).to_dict("records"))


def place_in_list(view: View, image_id: str, threshold: float) -> ListPlace | None:
    """Where an image stands in the view's list."""
    table = evaluated_rows(view.model, view.split, view.where)
    places = listed_cases(view.model, view.split, view.where, view.selection, threshold)
    ids = table["image_id"].to_numpy()
    at = np.flatnonzero(ids[places] == image_id)
    if not at.size:
        return None
    here = int(at[0])
    return ListPlace(
        here + 1,
        len(places),
        str(ids[places[here - 1]]) if here else None,
        str(ids[places[here + 1]]) if here + 1 < len(places) else None,
    )
