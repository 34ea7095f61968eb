"""Whether the server lives, and whether it can predict and store: for load balancers and service managers."""

import logging

from flask import Blueprint, Response

from dashboard.api import schemas
from dashboard.api.answers import json_response, private_response
from dashboard.api.problems import Problem
from dashboard.services import ModelUnavailable, Services
from dashboard.store import StoreError

log = logging.getLogger(__name__)

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> Response:
    """The process answers: restart it when this does not."""
    return private_response(json_response(schemas.Health(status="ok")), "no-store")


@blueprint.get("/ready")
def ready() -> Response:
    """The model predicts and the store can be written: send requests only when this is 200."""
    services = Services.current()
    try:
        bundle = services.bundle()
        services.predictors.prove(bundle)
        services.store.check()
    except ModelUnavailable as error:
        raise Problem(503, error.code, str(error)) from error
    except StoreError as error:
        log.error("The store is not ready: %s", error)
        raise Problem(503, "store", "The store cannot be written at the moment.") from error
    state = schemas.Readiness(
        status="ok", model=bundle.name, model_sha256=bundle.card.sha256, store="writable"
    )
    return private_response(json_response(state), "no-store")
