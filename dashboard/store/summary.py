"""What the store says as a whole: counts and scores, worked out by the database.

Every question may be narrowed to the predictions of one model since a moment, which the index over time answers.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, cast, func, select

from dashboard.store.conditions import unindexed
from dashboard.store.records import Record
from dashboard.store.repository import Store
from dashboard.store.rows import from_row
from dashboard.store.schema import predictions
from model.taxonomy import Taxonomy

Form = Callable[[ColumnElement[Any]], ColumnElement[Any]]
# The newest predictions that are looked at one by one; enough for any measure of drift.
SAMPLE = 20_000
MOST_OF_AN_IMAGE = 50


@dataclass(frozen=True)
class Version:
    """One version of one model, and how many predictions it made; `sha256` of its card tells versions apart."""

    model: str
    version: str
    sha256: str
    predictions: int = 0


@dataclass(frozen=True)
class Sample:
    """The newest predictions, at most SAMPLE.

    Attributes:
        scores: calibrated probabilities of malignancy, newest first.
        cautions: code -> predictions with it.
        texts: code -> what it last said.
        threshold: the operating point of the newest; None without any.
    """

    scores: tuple[float, ...]
    cautions: Mapping[str, int]
    texts: Mapping[str, str]
    threshold: float | None


@dataclass(frozen=True)
class Outcomes:
    """Predictions by decision, and what became known of their images; of one image, the newest prediction counts.

    Attributes:
        decisions: decision -> predictions.
        confirmed: (decision, confirmed diagnosis) -> images.
    """

    decisions: Mapping[str, int]
    confirmed: Mapping[tuple[str, str], int]

    def count(self, positive: bool, malignant: bool, taxonomy: Taxonomy) -> int:
        """Confirmed images on one side of the threshold and of the truth; without those of unknown diagnoses."""
        return sum(
            number
            for (decision, code), number in self.confirmed.items()
            if (decision != "benign") is positive
            and code in taxonomy
            and taxonomy[code].malignant is malignant
        )


def itself(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as it is."""
    return column


def condition(since: datetime | None, version: Version | None, form: Form = itself) -> ColumnElement[bool]:
    """Predictions since a moment, by one version of a model."""
    parts: list[ColumnElement[bool]] = []
    if since is not None:
        parts.append(form(predictions.c.created) >= since)
    if version is not None:
        parts += [
            form(predictions.c.model) == version.model,
            form(predictions.c.model_sha256) == version.sha256,
        ]
    return and_(True, *parts)


def versions(store: Store, since: datetime | None = None) -> tuple[Version, ...]:
    """The versions of models that predicted something, the busiest first."""
    columns = (predictions.c.model, predictions.c.model_version, predictions.c.model_sha256)
    found = select(*columns, func.count().label("n")).where(condition(since, None)).group_by(*columns)
    with store.reading() as connection:
        rows = connection.execute(found).all()
    return tuple(sorted((Version(*row) for row in rows), key=lambda one: (-one.predictions, one.model)))


def days(
    store: Store, since: datetime | None = None, version: Version | None = None
) -> dict[str, dict[date, int]]:
    """Predictions a day (UTC) by decision; days without any are left out."""
    with store.reading() as connection:
        day: Any
        if connection.dialect.name == "sqlite":
            # A time is kept there as text, in UTC, its day in front.
            day = func.substr(predictions.c.created, 1, 10)
        else:
            day = cast(func.timezone("UTC", predictions.c.created), Date)
        found = (
            select(day.label("day"), predictions.c.decision, func.count())
            .where(condition(since, version))
            .group_by(day, predictions.c.decision)
            .order_by(day)
        )
        counts: dict[str, dict[date, int]] = {}
        for when, decision, number in connection.execute(found):
            counts.setdefault(decision, {})[date.fromisoformat(str(when))] = number
    return counts


def sample(store: Store, since: datetime | None = None, version: Version | None = None) -> Sample:
    """The newest predictions, looked at one by one."""
    found = (
        select(predictions.c.probability, predictions.c.cautions, predictions.c.threshold)
        .where(condition(since, version))
        .order_by(predictions.c.created.desc(), predictions.c.seq.desc())
        .limit(SAMPLE)
    )
    with store.reading() as connection:
        rows = connection.execute(found).all()
    counts, texts = Counter[str](), dict[str, str]()
    for row in rows:
        for caution in row.cautions:
            counts[caution["code"]] += 1
            texts.setdefault(caution["code"], caution["text"])
    return Sample(
        tuple(row.probability for row in rows),
        dict(counts.most_common()),
        texts,
        rows[0].threshold if rows else None,
    )


def outcomes(store: Store, since: datetime | None = None, version: Version | None = None) -> Outcomes:
    """Decisions, and confirmed diagnoses beside them.

    A confirmed image that was predicted more than once counts once, with its newest prediction; a diagnosis that was
    confirmed for one prediction of an image holds for the image, whichever model is looked at.
    """
    with store.reading() as connection:
        # From the confirmed images to their predictions, which SQLite would do the other way round.
        aside = partial(unindexed, dialect=connection.dialect.name)
        confirmed = known(since, version, aside)
        chosen = (
            select(predictions.c.decision, func.count())
            .where(condition(since, version))
            .group_by(predictions.c.decision)
        )
        decisions = connection.execute(chosen).all()
        rows = connection.execute(confirmed).all()
    return Outcomes(
        dict(map(tuple, decisions)),
        {(decision, code): number for decision, code, number in rows},
    )


def known(since: datetime | None, version: Version | None, aside: Form) -> Select[Any]:
    """How many confirmed images there are by decision and diagnosis."""
    latest = func.row_number().over(
        partition_by=predictions.c.sha256, order_by=(predictions.c.reviewed.desc(), predictions.c.seq.desc())
    )
    told = (
        select(predictions.c.sha256, predictions.c.confirmed.label("code"), latest.label("place"))
        .where(predictions.c.confirmed.is_not(None))
        .subquery()
    )
    newest = func.row_number().over(partition_by=told.c.sha256, order_by=predictions.c.seq.desc())
    judged = (
        select(predictions.c.decision, told.c.code, newest.label("place"))
        .join(told, predictions.c.sha256 == aside(told.c.sha256))
        .where(told.c.place == 1, condition(since, version, aside))
        .subquery()
    )
    return (
        select(judged.c.decision, judged.c.code, func.count())
        .where(judged.c.place == 1)
        .group_by(judged.c.decision, judged.c.code)
    )


def predicted_codes(store: Store) -> tuple[str, ...]:
    """The diagnoses whose probabilities are stored, in the usual order; without predictions, those known here."""
    found: set[str] = set()
    made = versions(store)
    with store.reading() as connection:
        for version in made:
            one = select(predictions.c.probabilities).where(condition(None, version)).limit(1)
            found |= set(connection.execute(one).scalar() or ())
    return store.known.ordered(found if made else store.known.every.codes)


def same_image(store: Store, sha256: str) -> tuple[Record, ...]:
    """The predictions of one image file, the newest first, at most MOST_OF_AN_IMAGE."""
    found = (
        select(predictions)
        .where(predictions.c.sha256 == sha256)
        .order_by(predictions.c.seq.desc())
        .limit(MOST_OF_AN_IMAGE)
    )
    with store.reading() as connection:
        return tuple(map(from_row, connection.execute(found).mappings()))
