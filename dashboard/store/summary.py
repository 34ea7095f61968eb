"""Counts and scores over the whole store, worked out by the database.

"Photographs" are the predictions that count, see counted.py. Every function can be limited to one version of a model
and to the time since a moment; the index over versions serves both.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Date, Select, and_, cast, func, select

from dashboard.examples import example_digests
from dashboard.store.opinions import judgements_of_rows
from dashboard.store.pages import unindexed, without_indexes
from dashboard.store.records import RANKED_OUTCOMES, Record, record_from_row
from dashboard.store.repository import Store
from dashboard.store.schema import predictions
from model.evaluation.verification import Checked, Live, counts_as_found, counts_as_left_alone
from model.outcome import Outcome
from model.taxonomy import Taxonomy

# The newest photographs that are looked at one by one; enough for any measure of drift.
SAMPLE = 20_000
MOST_OF_AN_IMAGE = 50


@dataclass(frozen=True)
class Version:
    """One version of one model, and how many photographs it predicted; `sha256` of its card tells versions apart."""

    model: str
    version: str
    sha256: str
    photographs: int = 0


@dataclass(frozen=True)
class Sample:
    """The newest photographs, at most SAMPLE.

    Attributes:
        scores: calibrated probabilities of malignancy, newest first.
        cautions: code -> photographs with it.
        texts: code -> what it last said.
        threshold: the operating point of the newest; None without any.
    """

    scores: tuple[float, ...]
    cautions: Mapping[str, int]
    texts: Mapping[str, str]
    threshold: float | None


class Result(NamedTuple):
    """What came out for a photograph, and whether it was taken without a dermatoscope."""

    outcome: Outcome
    close_up: bool


@dataclass(frozen=True)
class Outcomes:
    """Photographs by what came out, and what became known of them.

    Attributes:
        photographs: result -> photographs.
        confirmed: (result, confirmed diagnosis) -> photographs.
    """

    photographs: Mapping[Result, int]
    confirmed: Mapping[tuple[Result, str], int]

    def by_outcome(self) -> dict[str, int]:
        """Outcome -> photographs."""
        counts = Counter[str]()
        for result, number in self.photographs.items():
            counts[result.outcome] += number
        return dict(counts)

    def confirmed_by_outcome(self) -> dict[tuple[str, str], int]:
        """(Outcome, confirmed diagnosis) -> photographs."""
        counts = Counter[tuple[str, str]]()
        for (result, code), number in self.confirmed.items():
            counts[result.outcome, code] += number
        return dict(counts)

    def checked(self, result: Result, taxonomy: Taxonomy) -> Checked:
        """The photographs of one result; a confirmed diagnosis that nobody knows any more counts for neither side."""
        sides = Counter[bool]()
        for (other, code), number in self.confirmed.items():
            if other == result and code in taxonomy:
                sides[taxonomy[code].malignant] += number
        return Checked(self.photographs.get(result, 0), sides[True], sides[False])

    def live(self, close_up: bool, taxonomy: Taxonomy) -> Live:
        """How the model did on close-ups, or on all other photographs."""
        flagged = left_alone = neither = Checked()
        for outcome in Outcome:
            group = self.checked(Result(outcome, close_up), taxonomy)
            if counts_as_found(outcome, close_up):
                flagged += group
            elif counts_as_left_alone(outcome, close_up):
                left_alone += group
            else:
                neither += group
        return Live(flagged, left_alone, neither)


def counted_condition(since: datetime | None, version: Version | None) -> ColumnElement[bool]:
    """The counted predictions since a moment, by one version of a model."""
    parts: list[ColumnElement[bool]] = [predictions.c.counted]
    if since is not None:
        parts.append(predictions.c.created >= since)
    if version is not None:
        parts.append(made_by(version))
    return and_(*parts)


def made_by(version: Version) -> ColumnElement[bool]:
    """The predictions by one version of a model."""
    return and_(predictions.c.model == version.model, predictions.c.model_sha256 == version.sha256)


def model_versions(store: Store, since: datetime | None = None) -> tuple[Version, ...]:
    """The versions of models that predicted something, the busiest first; drawn examples are no photographs."""
    columns = predictions.c.model, predictions.c.model_version, predictions.c.model_sha256
    number = func.count().filter(predictions.c.counted)
    versions = select(*columns, number).group_by(*columns)
    if since is not None:
        versions = versions.where(predictions.c.created >= since)
    with store.reading() as connection:
        made = [Version(*row) for row in connection.execute(versions)]
    return tuple(sorted(made, key=lambda version: (-version.photographs, version.model)))


def photographs_by_day(
    store: Store, since: datetime | None = None, version: Version | None = None
) -> dict[str, dict[date, int]]:
    """Photographs a day (UTC) by outcome; days without any are left out."""
    with store.reading() as connection:
        day: Any
        if connection.dialect.name == "sqlite":
            # A time is kept there as text, in UTC, its day in front.
            day = func.substr(predictions.c.created, 1, 10)
        else:
            day = cast(func.timezone("UTC", predictions.c.created), Date)
        columns = day.label("day"), predictions.c.outcome
        daily = (
            select(*columns, func.count().label("n"))
            .where(counted_condition(since, version))
            .group_by(*columns)
            .order_by(day)
        )
        counts: dict[str, dict[date, int]] = {}
        for row in connection.execute(daily):
            counts.setdefault(RANKED_OUTCOMES[row.outcome], {})[date.fromisoformat(str(row.day))] = row.n
    return counts


def newest_photographs(store: Store, since: datetime | None = None, version: Version | None = None) -> Sample:
    """The newest photographs, looked at one by one."""
    newest = (
        select(predictions.c.probability, predictions.c.cautions, predictions.c.threshold)
        .where(counted_condition(since, version))
        .order_by(predictions.c.created.desc(), predictions.c.seq.desc())
        .limit(SAMPLE)
    )
    with store.reading() as connection:
        rows = connection.execute(newest).all()
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


def count_outcomes(store: Store, since: datetime | None = None, version: Version | None = None) -> Outcomes:
    """What came out, and confirmed diagnoses beside that.

    A diagnosis that was confirmed for one prediction of a photograph holds for the photograph, whichever model is
    looked at.
    """
    columns = predictions.c.outcome, predictions.c.close_up
    with store.reading() as connection:
        made = (
            select(*columns, func.count().label("n"))
            .where(counted_condition(since, version))
            .group_by(*columns)
        )
        photographs = connection.execute(made).all()
        rows = connection.execute(confirmed_counts(connection, since, version)).all()
    return Outcomes(
        {Result(RANKED_OUTCOMES[row.outcome], row.close_up): row.n for row in photographs},
        {(Result(RANKED_OUTCOMES[row.outcome], row.close_up), row.code): row.n for row in rows},
    )


def confirmed_counts(connection: Connection, since: datetime | None, version: Version | None) -> Select[Any]:
    """How many confirmed photographs there are by result and diagnosis; the latest review of a photograph counts."""
    latest = func.row_number().over(
        partition_by=predictions.c.sha256, order_by=(predictions.c.reviewed.desc(), predictions.c.seq.desc())
    )
    truths = (
        select(predictions.c.sha256, predictions.c.confirmed.label("code"), latest.label("place"))
        .where(predictions.c.confirmed.is_not(None))
        .subquery()
    )
    columns = predictions.c.outcome, predictions.c.close_up, truths.c.code
    # From the confirmed photographs to their predictions, which SQLite would do the other way round.
    return (
        select(*columns, func.count().label("n"))
        .join(truths, predictions.c.sha256 == unindexed(connection, truths.c.sha256))
        .where(truths.c.place == 1, without_indexes(connection, counted_condition(since, version)))
        .group_by(*columns)
    )


def predicted_codes(store: Store) -> tuple[str, ...]:
    """The diagnoses whose probabilities are stored, in the usual order; without predictions, those known here."""
    codes: set[str] = set()
    made = model_versions(store)
    with store.reading() as connection:
        for version in made:
            any_of_it = select(predictions.c.probabilities).where(made_by(version)).limit(1)
            codes |= set(connection.execute(any_of_it).scalar() or ())
    return store.known.ordered(codes if made else store.known.every.codes)


def count_judged(
    store: Store, since: datetime | None = None, version: Version | None = None
) -> Mapping[tuple[str, str, str], int]:
    """What readers said before they saw a result, beside its outcome and what they said last ("" for nothing since).

    Returns:
        (said first, outcome, said last) -> judgements.
    """
    judged = select(predictions.c.outcome, predictions.c.judgements).where(
        predictions.c.judgements.is_not(None), predictions.c.sha256.not_in(example_digests())
    )
    if since is not None:
        judged = judged.where(predictions.c.created >= since)
    if version is not None:
        judged = judged.where(made_by(version))
    counts = Counter[tuple[str, str, str]]()
    with store.reading() as connection:
        for row in connection.execute(judged):
            said: dict[str, list[str]] = {}
            for one in judgements_of_rows(row.judgements):
                said.setdefault(one.reader, []).append(one.opinion)
            for opinions in said.values():
                last = opinions[-1] if len(opinions) > 1 else ""
                counts[opinions[0], str(RANKED_OUTCOMES[row.outcome]), last] += 1
    return counts


def retakes(store: Store, record: Record) -> tuple[Record, ...]:
    """The photographs that replace this one or that it replaces, directly or by others, and itself."""
    found = {record.id: record}
    with store.reading() as connection:
        while len(found) < MOST_OF_AN_IMAGE:
            earlier = [one.replaces for one in found.values() if one.replaces]
            linked = predictions.c.id.in_(earlier) | predictions.c.replaces.in_(list(found))
            rows = select(predictions).where(linked, predictions.c.id.not_in(list(found)))
            more = [
                record_from_row(row) for row in connection.execute(rows.limit(MOST_OF_AN_IMAGE)).mappings()
            ]
            if not more:
                break
            found |= {one.id: one for one in more}
    return tuple(found.values())


def same_image(store: Store, sha256: str) -> tuple[Record, ...]:
    """The predictions of one image file, the newest first, at most MOST_OF_AN_IMAGE."""
    same = (
        select(predictions)
        .where(predictions.c.sha256 == sha256)
        .order_by(predictions.c.seq.desc())
        .limit(MOST_OF_AN_IMAGE)
    )
    with store.reading() as connection:
        return tuple(map(record_from_row, connection.execute(same).mappings()))
