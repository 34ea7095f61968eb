"""What is written when people change predictions: reviews and tags, and an audit line for each change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, select, update

from dashboard.diagnoses import KnownDiagnoses
from dashboard.store.errors import Conflict, InputError, NotFound
from dashboard.store.fields import CONTEXT_NAMES, LESION, PATIENT
from dashboard.store.files import ID
from dashboard.store.names import MAX_NOTE, MAX_TAG, MAX_TAGS, clean_line, clean_text, new_id
from dashboard.store.records import (
    SOURCES,
    Action,
    AuditLine,
    Finding,
    Record,
    record_from_row,
    review_state,
    row_of_record,
)
from dashboard.store.schema import audit, predictions, reviews, tags
from model.taxonomy import Taxonomy

WITHDRAWN = "withdrawn"
# What could tell whose case it was.
WRITTEN = frozenset(
    {*CONTEXT_NAMES, *(field.name for field in (*PATIENT, *LESION)), "tags", "hold", "lesions", "cases"}
)
MISSING = "There is no prediction under this address. It may have been deleted."


def find_prediction(connection: Connection, record_id: str) -> tuple[int, Record]:
    """The row number and the record of an id; NotFound when there is none."""
    # A database may choke on what no id looks like.
    if ID.fullmatch(record_id):
        row = connection.execute(select(predictions).where(predictions.c.id == record_id)).mappings().first()
        if row is not None:
            return row["seq"], record_from_row(row)
    raise NotFound(MISSING)


def check_revision(connection: Connection, record: Record, revision: int | None) -> None:
    """Raise Conflict when the record was changed since the revision that the user has seen."""
    if revision is None or revision == record.revision:
        return
    changes = tuple(line for line in audit_trail(connection, record.id) if line.revision > revision)
    names = ", ".join(sorted({line.who for line in changes if line.who}))
    raise Conflict(
        f"This case was changed meanwhile{' by ' + names if names else ''}. Nothing of yours was written: look at "
        "what changed, then decide again.",
        record,
        changes,
    )


def reviewed_record(before: Record, finding: Finding, known: KnownDiagnoses) -> Record:
    """A record after a review."""
    labels = (set(before.tags) | clean_tags(finding.add_tags)) - clean_tags(finding.remove_tags)
    if len(labels) > MAX_TAGS:
        raise InputError(f"A prediction has at most {MAX_TAGS} tags.")
    confirmed, confirmed_by = before.confirmed, before.confirmed_by
    if finding.source is not None:
        withdrawn = finding.source == WITHDRAWN
        confirmed, confirmed_by = finding.diagnosis, None if withdrawn else cast(Any, finding.source)
    return replace(
        before,
        confirmed=confirmed,
        confirmed_by=confirmed_by,
        reviewed=datetime.now(UTC),
        review=review_state(before.outcome, confirmed, True, known.of(before.model_sha256)),
        tags=tuple(sorted(labels)),
    )


def write_change(
    connection: Connection, seq: int, before: Record, after: Record, action: Action, who: str, note: str = ""
) -> Record:
    """Write what differs, under the next revision, with an audit line; `note` is that of a review."""
    after = replace(after, revision=before.revision + 1)
    notes = connection.execute(select(reviews.c.note).where(reviews.c.seq == seq)).scalars().all()
    row, old = row_of_record(after, notes), row_of_record(before)
    values = {name: value for name, value in row.items() if value != old[name]}
    connection.execute(update(predictions).where(predictions.c.seq == seq).values(values))
    write_tags(connection, seq, before.tags, after.tags)
    fields, now = changeable_fields(before), changeable_fields(after)
    changed = {name: [value, now[name]] for name, value in fields.items() if value != now[name]}
    if note:
        changed["note"] = [None, note]
    connection.execute(insert(audit).values(audit_row(after.id, after.revision, action, who, changed)))
    return after


def changeable_fields(record: Record) -> dict[str, Any]:
    """The fields of a record that people change, and what follows from them."""
    names = ("confirmed", "confirmed_by", "review", "tags")
    return {**vars(record.context), **{name: getattr(record, name) for name in names}}


def clean_finding(finding: Finding, reviewer: str, taxonomy: Taxonomy) -> Finding:
    """A review as it is stored; InputError when its parts contradict each other or one does not fit."""
    if not reviewer:
        raise InputError("Say who reviews: a name or initials.")
    if finding.diagnosis is not None and finding.diagnosis not in taxonomy:
        raise InputError(f"The diagnosis is one of {', '.join(taxonomy.codes)}.")
    if finding.diagnosis is not None and finding.source not in SOURCES:
        raise InputError("Say how the diagnosis was confirmed: by histology, follow-up or an expert.")
    if finding.diagnosis is None and finding.source not in (None, WITHDRAWN):
        raise InputError("A source confirms a diagnosis: choose the diagnosis, too.")
    return replace(finding, note=clean_text(finding.note, MAX_NOTE, "The note"))


def clean_tags(names: Iterable[str]) -> set[str]:
    """Tags as they are stored: one line each, without empty ones."""
    return {tag for name in names if (tag := clean_line(name, MAX_TAG, "A tag"))}


def write_tags(connection: Connection, seq: int, before: Sequence[str], after: Sequence[str]) -> None:
    """Write the difference between two lists of tags into the table of tags."""
    removed, added = set(before) - set(after), sorted(set(after) - set(before))
    if removed:
        connection.execute(delete(tags).where(tags.c.seq == seq, tags.c.name.in_(removed)))
    if added:
        connection.execute(insert(tags), [{"name": name, "seq": seq} for name in added])


def audit_row(
    record_id: str, revision: int, action: Action, who: str, detail: Mapping[str, Any]
) -> dict[str, Any]:
    """One line of the audit trail as column values."""
    return {
        "id": new_id(),
        "prediction_id": record_id,
        "created": datetime.now(UTC),
        "who": who,
        "action": action,
        "revision": revision,
        "detail": {
            name: list(value) if isinstance(value, tuple) else value for name, value in detail.items()
        },
    }


def audit_trail(connection: Connection, record_id: str) -> tuple[AuditLine, ...]:
    """The stored lines of a prediction, oldest first."""
    lines = select(audit).where(audit.c.prediction_id == record_id).order_by(audit.c.id)
    return tuple(AuditLine(**row._asdict()) for row in connection.execute(lines))


def first_audit_line(record: Record) -> AuditLine:
    """The first line of a trail. It is worked out from the prediction and not stored."""
    detail = {
        "model": record.model,
        "model_version": record.model_version,
        "operating_point": record.operating_point,
        "probability": record.probability,
        "decision": str(record.decision),
    }
    return AuditLine(record.id, record.id, record.created, "", "predicted", 0, detail)


def redact_audit(connection: Connection, ids: Sequence[str]) -> None:
    """Remove what people wrote from the trails of predictions, at most CHUNK; who wrote, and when, stays."""
    for row in connection.execute(
        select(audit.c.id, audit.c.detail).where(audit.c.prediction_id.in_(ids))
    ).all():
        if WRITTEN & set(row.detail):
            detail = {name: [None, None] if name in WRITTEN else value for name, value in row.detail.items()}
            connection.execute(update(audit).where(audit.c.id == row.id).values(detail=detail))
