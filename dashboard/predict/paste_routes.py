"""`/pasted`: what somebody pasted from a spreadsheet into the table of the predict page, as the fields of its rows."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from dashboard.context_tables import pasted_rows
from dashboard.predict.assigning import ASSIGN_COLUMNS
from dashboard.predict.judgement_routes import body_of_request
from dashboard.store import InputError

blueprint = Blueprint("pasted", __name__, url_prefix="/pasted")


@blueprint.post("")
def read_pasted() -> Response:
    """`{"text": cells with tabs, "column": that it was pasted into}` to `{"rows": [...]}`, or a problem document.

    Nothing is stored: the page changes the predictions one by one, through the REST API.
    """
    sent = body_of_request()
    text, column = sent.get("text"), sent.get("column")
    if not (isinstance(text, str) and isinstance(column, str)):
        raise InputError("Send the text, and the column that it was pasted into.")
    return jsonify(rows=[asdict(row) for row in pasted_rows(text, ASSIGN_COLUMNS, column)])
