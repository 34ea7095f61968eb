"""`/exports/...`: what a view of the history shows, or what was selected in it, as a file that is streamed.

GET takes the history's own address (see dashboard/shell/browse.py), POST the field `ids`, separated by commas.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain

from flask import Blueprint, Response, abort, request, stream_with_context

from dashboard.services import Services
from dashboard.shell.browse import browse
from dashboard.store import NotFound, QueryError, Record, Store, StoreError
from dashboard.store.export import EXPORTS

MOST_SELECTED = 10_000
# A form with that many ids, and some room.
MAX_FORM = 40 * MOST_SELECTED + 1000

routes = Blueprint("exports", __name__, url_prefix="/exports")


@routes.route("/<name>", methods=["GET", "POST"])
def download_export(name: str) -> Response:
    """One file with everything that the address, or the list of ids, stands for."""
    if name not in EXPORTS:
        abort(404)
    (media, write), store = EXPORTS[name], Services.current().store
    try:
        records = selected_records(store) if request.method == "POST" else viewed_records(store)
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


def viewed_records(store: Store) -> Iterator[Record]:
    """The predictions of the view in the address."""
    return store.stream(browse(request.query_string.decode("utf-8", "replace")).query())


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
