"""`/cards/<id>`: a stored prediction as the predict page shows it, once as a card and once as a row of its table."""

from flask import Blueprint, Response, abort, jsonify

from dashboard import examples
from dashboard.judging import current_judge, read_one
from dashboard.predict.batch import batch_row
from dashboard.services import Services
from dashboard.shell.attempts import attempts_as_read
from dashboard.shell.known_cases import pictured_cases
from dashboard.shell.outline import why_no_outline
from dashboard.shell.result_card import result_card
from dashboard.store import NotFound
from dashboard.store.summary import same_image

blueprint = Blueprint("cards", __name__, url_prefix="/cards")


@blueprint.get("/<string:record_id>")
def read_result_card(record_id: str) -> Response:
    """`{"card": HTML, "row": {...}}`; 404 when the prediction was deleted meanwhile."""
    try:
        services = Services.current()
        stored = services.store.get(record_id)
    except NotFound:
        abort(404)
    taxonomy = services.known.of(stored.model_sha256)
    record = read_one(services, stored)
    attempts = attempts_as_read(services, stored)
    prevalence = services.prevalence(stored)
    card = result_card(
        record,
        taxonomy,
        drawn=examples.is_drawn(stored.sha256),
        no_outline=why_no_outline(services, stored),
        prevalence=prevalence,
        attempts=attempts,
        pictured=pictured_cases(record),
        judge=current_judge(services),
    )
    before = (one for one in same_image(services.store, stored.sha256) if one.created < stored.created)
    answer = jsonify(card=card, row=batch_row(record, taxonomy, next(before, None), attempts, prevalence))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
