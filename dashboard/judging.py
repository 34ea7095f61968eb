"""Judge first, then look: what of a result the reader who asks may see, and what that reader says of a photograph.

Where somebody judges first, every page takes its predictions through `as_read`: a result that is hidden is not in what
is sent to the browser. The REST API and exports are for programs, and hide nothing.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from secrets import token_hex

from flask import has_request_context, request

from dashboard.cases import Actor
from dashboard.services import Services
from dashboard.store import Query, Record
from dashboard.store.judgements import Judge, Judgements, Opened, hidden_record
from dashboard.store.names import fold
from dashboard.users.roles import Permission
from dashboard.users.visitors import asks_who, current_visitor, may
from model.outcome import Outcome

# Tells browsers apart where nobody signs in.
COOKIE = "dermaboard_reader"
# Before a browser has one.
ANY_BROWSER = "0" * 32
# Columns by which hidden results could be told apart.
TELLING = frozenset(
    (
        *("outcome", "outcome_before", "decision", "diagnosis", "probability"),
        *("review", "confirmed", "confirmed_by", "tag"),
    )
)


def current_judge(services: Services) -> Judge:
    """Who asks, and since when that reader judges first. Who may not review sees every result at once."""
    key, name = ANY_BROWSER, ""
    if asks_who():
        visitor = current_visitor()
        name = visitor.name if visitor else ""
        key = hashlib.sha256(fold(name).encode()).hexdigest()[:32]
    elif has_request_context() and re.fullmatch("[0-9a-f]{32}", given := request.cookies.get(COOKIE, "")):
        key = given
    if not may(Permission.REVIEW):
        return Judge(key, name)
    return Judge(key, name, Judgements(services.store).since(key, services.settings.judge_first))


def as_read(services: Services, records: Sequence[Record]) -> list[Record]:
    """Predictions as the reader who asks may see them. A photograph without a result asks for no judgement."""
    reader = current_judge(services)
    asked = [record for record in records if record.outcome is not Outcome.NO_RESULT]
    hidden = Judgements(services.store).hidden(reader, asked)
    return [
        hidden_record(record) if record.sha256 in hidden and record in asked else record for record in records
    ]


def read_one(services: Services, record: Record) -> Record:
    """One prediction as the reader who asks may see it."""
    return as_read(services, [record])[0]


def as_asked(services: Services, query: Query) -> Query:
    """A question to the store by the reader who asks: what would tell hidden results apart leaves them out."""
    reader = current_judge(services)
    named = {getattr(part, "column", "") for part in query.filters} | {name for name, _ in query.sort}
    if reader.since is None or not named & TELLING:
        return query
    return replace(query, filters=(*query.filters, Opened(reader.key, reader.since)))


def judge_case(
    actor: Actor,
    services: Services,
    record_id: str,
    opinion: str,
    diagnosis: str | None = None,
    seen: bool = False,
) -> None:
    """Store what the reader who asks says of a photograph.

    Args:
        opinion: "benign", "uncertain" or "malignant".
        diagnosis: the likeliest, a code.
        seen: the page shows the result; the reader keeps the judgement or changes it.

    Raises:
        Conflict: the reader has judged already, or may have seen the result before.
        InputError: it does not fit.
        NotFound: there is no such prediction, or the actor may not review.
    """
    actor.require(Permission.REVIEW)
    Judgements(services.store).add(record_id, current_judge(services), opinion, diagnosis, seen)


def switch_judging(actor: Actor, services: Services, on: bool) -> str:
    """Let the reader who asks judge first from now on, or no longer. Returns the reader's key, for the cookie.

    Raises:
        NotFound: the actor may not review.
    """
    actor.require(Permission.REVIEW)
    key = current_judge(services).key
    if not asks_who() and key == ANY_BROWSER:
        key = token_hex(16)
    Judgements(services.store).switch(key, on)
    return key
