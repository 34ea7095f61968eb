"""Idempotency keys: within a day, the same key with the same request gives the same prediction again."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from dashboard.store import changes
from dashboard.store.errors import Conflict, NotFound
from dashboard.store.fields import CONTEXT, Context
from dashboard.store.records import Record
from dashboard.store.schema import keys

LAST = timedelta(hours=24)


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's own text for a request.

    Attributes:
        request: a digest of everything that the request asks for beside the image, see `digest`.
    """

    text: str
    request: str = ""


def request_digest(filename: str, context: Context, *options: str) -> str:
    """A digest, 64 hexadecimal digits, of everything that a request asks for beside its image."""
    # Earlier versions had one option more, and fewer fields. Their keys, which live for a day, stand for the same
    # requests.
    fields = asdict(context)
    for field in CONTEXT:
        if field.later and fields[field.name] is None:
            del fields[field.name]
    request = json.dumps([filename, fields, [*options, "False"]], sort_keys=True)
    return hashlib.sha256(request.encode("utf-8", "surrogatepass")).hexdigest()


def record_with_key(connection: Connection, key: IdempotencyKey, sha256: str) -> Record | None:
    """The record that was made with a key; None for a new key, Conflict for one that was used for another request."""
    since = datetime.now(UTC) - LAST
    used = select(keys).where(keys.c.key == key.text, keys.c.created > since)
    row = connection.execute(used).mappings().first()
    if row is None:
        return None
    if row["sha256"] != sha256:
        raise Conflict(
            "This idempotency key was used for another image before. Send a new key with a new image."
        )
    # An earlier version kept no digest of the request.
    if row["request"] not in (None, key.request):
        raise Conflict(
            "This idempotency key was used with another model, operating point, context or file name before. Send a "
            "new key, or change the prediction that is there."
        )
    with suppress(NotFound):
        return changes.find_prediction(connection, row["prediction_id"])[1]
    return None


def remember_key(connection: Connection, key: IdempotencyKey, record: Record) -> None:
    """Store a key with the record that was made with it, and delete old keys."""
    now = datetime.now(UTC)
    connection.execute(delete(keys).where((keys.c.key == key.text) | (keys.c.created <= now - LAST)))
    row = {"key": key.text, "created": now, "sha256": record.sha256, "request": key.request}
    connection.execute(insert(keys).values(row | {"prediction_id": record.id}))
