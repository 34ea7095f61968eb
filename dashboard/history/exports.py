"""`/exports/...`: what a view of the history shows, or what was selected in it, as a file that is streamed.

GET takes the history's own address (see dashboard/shell/browse.py), POST the field `ids`, separated by commas.
"""

import hmac
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from flask import Blueprint, Response, abort, current_app, request, stream_with_context

from dashboard.services import Services
from dashboard.shell.browse import browse
from dashboard.store import NotFound, OneOf, QueryError, Range, Record, Store, StoreError
from dashboard.store.export import EXPORTS
from dashboard.store.fields import CONTEXT
from dashboard.users.roles import Permission
from dashboard.users.visitors import may

MOST_SELECTED = 10_000
# A form with that many ids, and some room.
MAX_FORM = 40 * MOST_SELECTED + 1000

routes = Blueprint("exports", __name__, url_prefix="/exports")


@routes.route("/<name>", methods=["GET", "POST"])
def download_export(name: str) -> Response:
    """One file with everything that the address, or the list of ids, stands for."""
    if name not in EXPORTS:
        abort(404)
    whole = may(Permission.EXPORT_PATIENTS)
    if name == "images.zip" and not whole:
        abort(404)
    (media, write), store = EXPORTS[name], Services.current().store
    try:
        records = selected_records(store) if request.method == "POST" else viewed_records(store, whole)
        if not whole:
            records = map(without_patient, records)
        body = write(store, records)
        # The first piece is made before anything is sent: what fails until then is said with a status.
        first = next(body, b"")
    except QueryError as error:
        return Response(str(error), 400, mimetype="text/plain")
    except StoreError:
        return Response(
            "The history cannot be read at the moment. Try again later.", 503, mimetype="text/plain"
        )
    response = Response(stream_with_context(chain([first], body)), content_type=media)
    file = f"dermaboard-{datetime.now(UTC):%Y-%m-%d}-{name}"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def viewed_records(store: Store, whole: bool) -> Iterator[Record]:
    """The predictions of the view in the address; QueryError where its filters would say what is not exported."""
    query = browse(request.query_string.decode("utf-8", "replace")).query()
    harmless = (one for one in query.filters if isinstance(one, Range | OneOf) and one.column != "tag")
    if not whole and len(tuple(harmless)) < len(query.filters):
        raise QueryError("You may not filter by names, notes, lesions or tags.")
    return store.stream(query)


def without_patient(record: Record) -> Record:
    """A prediction without what people wrote; a lesion keeps a number by which its photographs are told to belong
    together, which is of no use elsewhere.
    """
    context, key = record.context, str(current_app.secret_key).encode()
    texts = {field.name: field.suggestions for field in CONTEXT if field.type is str and not field.moment}
    kept = {
        name: value if (value := getattr(context, name)) in usual else None for name, usual in texts.items()
    }
    if record.lesion_id:
        kept["lesion"] = hmac.digest(key, record.lesion_id.encode(), "sha256").hex()[:16]
    judgements = tuple(
        replace(one, who="", reader=hmac.digest(key, one.reader.encode(), "sha256").hex()[:16])
        for one in record.judgements
    )
    cleared = replace(context, **kept)
    return replace(record, filename="", tags=(), lesion_id=None, judgements=judgements, context=cleared)


def selected_records(store: Store) -> Iterator[Record]:
    """The predictions of the form, without those that are gone meanwhile."""
    request.max_content_length = MAX_FORM
    ids = [one for one in request.form.get("ids", "").split(",") if one]
    if not 0 < len(ids) <= MOST_SELECTED:
        raise QueryError(f"Select between 1 and {MOST_SELECTED:,} predictions.")
    return records_with_ids(store, ids)


def records_with_ids(store: Store, ids: Iterable[str]) -> Iterator[Record]:
    """The predictions with these ids, one by one."""
    for one in dict.fromkeys(ids):
        with suppress(NotFound):
            yield store.get(one)
