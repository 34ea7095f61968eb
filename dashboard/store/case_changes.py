"""How people change cases: context, reviews and tags, each with its audit line, in one transaction."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert

from dashboard.diagnoses import KnownDiagnoses
from dashboard.store.changes import (
    WITHDRAWN,
    check_revision,
    find_prediction,
    reviewed_record,
    write_change,
)
from dashboard.store.errors import InputError
from dashboard.store.fields import LESION_SITES, Context
from dashboard.store.names import new_id
from dashboard.store.patient_changes import give_site
from dashboard.store.placing import find_lesion, lesion_site, own_site, place_case
from dashboard.store.records import Action, Finding, Record
from dashboard.store.schema import reviews


def change_stored_case(
    connection: Connection,
    record_id: str,
    revision: int | None,
    fields: Mapping[str, Any],
    finding: Finding | None,
    who: str,
    known: KnownDiagnoses,
) -> Record:
    """Change fields of the context, append a review as `clean_finding` gave it, or both; see `Store.change`."""
    seq, record = find_prediction(connection, record_id)
    check_revision(connection, record, revision)
    context = replace(record.context, **fields)
    if context != record.context:
        record = write_change(
            connection, seq, record, described_record(connection, record, context, who), "described", who
        )
    if finding is None:
        return record
    reviewed = reviewed_record(record, finding, known)
    review = {name: getattr(finding, name) for name in ("diagnosis", "source", "note")}
    review |= {"id": new_id(), "seq": seq, "created": reviewed.reviewed, "reviewer": who}
    connection.execute(insert(reviews).values(review | {"tags": list(reviewed.tags)}))
    action: Action = "withdrawn" if finding.source == WITHDRAWN else "reviewed"
    return write_change(connection, seq, record, reviewed, action, who, finding.note)


def described_record(connection: Connection, before: Record, context: Context, who: str) -> Record:
    """A record with another context, of the lesion that this one names, which gets the site that it names."""
    # Without its patient, a reference would stand for somebody else's lesion.
    if before.context.patient and context.patient is None and context.lesion == before.context.lesion:
        context = replace(context, lesion=None)
    said = context.site != before.context.site
    if (context.patient, context.lesion) != (before.context.patient, before.context.lesion) and not said:
        left = None if before.lesion_id is None else find_lesion(connection, before.lesion_id)
        context = replace(context, site=own_site(context.site, left))
    after = replace(before, context=context)
    if any(
        getattr(context, name) != getattr(before.context, name) for name in ("patient", "lesion", "taken")
    ):
        after = place_case(connection, after)
    return at_site(connection, after, context.site if said else after.context.site, who)


def at_site(connection: Connection, record: Record, site: str | None, who: str = "") -> Record:
    """A case at a site, which becomes that of its lesion.

    Raises:
        InputError: the lesion has a site, and this is none of the terms that it could have.
    """
    lesion = None if record.lesion_id is None else find_lesion(connection, record.lesion_id)
    if lesion is not None and lesion.details.name is not None and site != lesion_site(lesion):
        if site is None or site in LESION_SITES:
            give_site(connection, lesion, site, who, record.id)
        elif lesion_site(lesion) is not None:
            raise InputError(
                f"Lesion {lesion.details.name} has one site for all of its photographs, {lesion_site(lesion)}. Another "
                f"one is one of {', '.join(LESION_SITES)}."
            )
    return replace(record, context=replace(record.context, site=site))
