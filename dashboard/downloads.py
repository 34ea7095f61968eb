"""What can be taken along from the performance page: tables as CSV, figures for a journal."""

import flask

blueprint = flask.Blueprint("downloads", __name__, url_prefix="/performance")
