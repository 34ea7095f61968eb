"""Routes of models: what is installed, their cards, and what they are worth at a threshold."""

import logging
import math
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, Response
from pydantic import Field

from dashboard.api import schemas
from dashboard.api.address import ROOT
from dashboard.api.answers import json_response, private_response
from dashboard.api.inputs import Chance, Input, Note, with_example
from dashboard.api.predictions import NO_JSON
from dashboard.api.problems import Problem
from dashboard.api.shown import api_model, api_model_change, plain_json
from dashboard.api.spec import MODELS, Answers, documented
from dashboard.cases import current_actor
from dashboard.models import set_model_state, undo_model_change
from dashboard.services import Services
from dashboard.store.registry import ModelState
from model.bundle import Bundle, BundleError, Damaged

if TYPE_CHECKING:
    from model.evaluation.intervals import Interval
    from model.evaluation.review import SplitEvaluation

NAME = "Of the model."
MISSING = {404: "There is no such model."}
FRESH = "no-cache"
MOST_CHANGES = 200

log = logging.getLogger(__name__)

blueprint = Blueprint("models", __name__, url_prefix=f"{ROOT}/models")
changes = Blueprint("model_changes", __name__, url_prefix=f"{ROOT}/model-changes")


class NewModelState(Input):
    """What a model is for from now on, and why."""

    model_config = with_example(
        state="candidate", why="It is to be tried on the photographs of last year first."
    )

    state: ModelState
    default: bool = Field(False, description="It answers where no model is asked for.")
    why: Note = Field(min_length=1, description="Stands in the list of changes and in the audit trail.")


class MetricsQuery(Input):
    """At which threshold, on which cases."""

    threshold: Chance | None = Field(
        None,
        description="Of the calibrated probability; the default operating point's if left out.",
    )
    split: Literal["validation", "test"] = Field("test", description="The cases to count.")


@blueprint.get("")
@documented(Answers(schema=schemas.ModelList, what="All of them."), MODELS, "listModels")
def list_models() -> Response:
    """The installed models, and folders among them that cannot be used."""
    services = Services.current()
    items = [
        api_model(bundle, services.state_of(bundle.name), bundle.name == services.default_model)
        for bundle in services.bundles
        if isinstance(bundle, Bundle)
    ]
    damaged = [
        schemas.DamagedModel(name=bundle.name, problem="Its card or its files are damaged.")
        for bundle in services.bundles
        if isinstance(bundle, Damaged)
    ]
    return private_response(json_response(schemas.ModelList(items=items, damaged=damaged)), FRESH)


@blueprint.patch("/<string:name>")
@documented(
    Answers(
        schema=schemas.ModelChange,
        what="How things stand now.",
        errors={404: "Only administrators change models."}
        | NO_JSON
        | {422: "There is no such model, it cannot predict, there is no reason, or nothing would change."},
    ),
    MODELS,
    "changeModel",
    name=NAME,
)
def change_model_state(name: str, json: NewModelState) -> Response:
    """Say what a model is for: a candidate, in use, or retired. It holds in every process at once."""
    made = set_model_state(current_actor(), Services.current(), name, json.state, json.default, json.why)
    return private_response(json_response(api_model_change(made)), "private, no-store")


@changes.get("")
@documented(Answers(schema=schemas.ModelChanges, what="The newest changes."), MODELS, "listModelChanges")
def list_model_changes() -> Response:
    """Who changed what a model is for, when and why."""
    lines = Services.current().registry.lines(MOST_CHANGES)
    found = schemas.ModelChanges(items=[api_model_change(line) for line in lines])
    return private_response(json_response(found), "private, no-store")


@changes.delete("/<int:seq>")
@documented(
    Answers(
        schema=schemas.ModelChange,
        what="How things stand now.",
        errors={
            404: "Only administrators change models.",
            409: "There is a newer change.",
            422: "There is nothing before it.",
        },
    ),
    MODELS,
    "undoModelChange",
    seq="Of the newest change.",
)
def undo_newest_change(seq: int) -> Response:
    """Undo the newest change of a model: all is as it was before."""
    made = undo_model_change(current_actor(), Services.current(), seq)
    return private_response(json_response(api_model_change(made)), "private, no-store")


@blueprint.get("/<string:name>")
@documented(
    Answers(schema=schemas.CardSchema, what="The model card.", errors=MISSING), MODELS, "readModel", name=NAME
)
def read_model_card(name: str) -> Response:
    """A model's card: what it is for, how it was made, what it is worth, and the digests of its files."""
    found = installed(name).card
    return private_response(json_response(schemas.CardSchema.model_validate(plain_json(vars(found)))), FRESH)


@blueprint.get("/<string:name>/metrics")
@documented(
    Answers(
        schema=schemas.Metrics,
        what="Counted now, from the stored scores.",
        errors=MISSING
        | {
            422: "The threshold is not between 0 and 1, or the split is unknown.",
            503: "The stored scores are damaged.",
        },
    ),
    MODELS,
    "readMetrics",
    name=NAME,
)
def read_model_metrics(name: str, query: MetricsQuery) -> Response:
    """How well a model does at a threshold, with 95 % intervals.

    Everything is counted from the scores that the bundle carries.
    """
    # Here, because NumPy's users are slow to import and no prediction needs them.
    from model.evaluation.review import evaluate_split

    bundle = installed(name)
    try:
        shown = evaluate_split(bundle, query.split, ())
    except BundleError as error:
        log.warning("%s", error)
        raise Problem(503, "damaged_model", "The stored scores of this model are damaged.") from error
    if not shown.truth.size:
        raise Problem(404, "no_scores", f"The model carries no scores of the {query.split} cases.")
    threshold = bundle.card.threshold if query.threshold is None else query.threshold
    return private_response(json_response(measured(bundle, shown, threshold)), FRESH)


def installed(name: str) -> Bundle:
    """The intact model of that name, whether it can predict or not. Raises Problem 404."""
    for bundle in Services.current().bundles:
        if isinstance(bundle, Bundle) and bundle.name == name:
            return bundle
    raise Problem(404, "unknown_model", "There is no model of that name. The list of models has their names.")


def measured(bundle: Bundle, shown: "SplitEvaluation", threshold: float) -> schemas.Metrics:
    """The figures of these cases at a threshold."""
    from model.evaluation import operating

    at = shown.at(threshold)
    return schemas.Metrics(
        model=bundle.name,
        sha256=bundle.card.sha256,
        split=shown.split,
        threshold=threshold,
        n=at.n,
        true_positives=at.tp,
        false_positives=at.fp,
        true_negatives=at.tn,
        false_negatives=at.fn,
        unscored=at.unscored,
        sensitivity=estimate(at.sensitivity),
        specificity=estimate(at.specificity),
        ppv=estimate(at.ppv),
        npv=estimate(at.npv),
        balanced_accuracy=estimate(operating.balanced_accuracy(at)),
        f1=estimate(operating.f1(at)),
        auc=finite_or_none(shown.auc),
        average_precision=finite_or_none(shown.average_precision),
        brier=finite_or_none(shown.calibrated.brier),
        calibration_error=finite_or_none(shown.calibrated.error),
    )


def estimate(one: "Interval") -> schemas.Estimate:
    """A figure with its interval as JSON has it, which knows no NaN."""
    return schemas.Estimate(
        value=finite_or_none(one.value),
        low=finite_or_none(one.low),
        high=finite_or_none(one.high),
        reason=one.reason.sentence if one.reason is not None else None,
    )


def finite_or_none(value: float) -> float | None:
    """A number, or None for NaN and infinity."""
    return value if math.isfinite(value) else None
