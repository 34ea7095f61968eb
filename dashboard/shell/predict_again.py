"""Asking another model again, and following how far it is, wherever a page has a place for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dash_bootstrap_components as dbc
from dash import (
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    dcc,
    html,
    no_update,
)
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.cases import current_actor
from dashboard.jobs.worker import Jobs
from dashboard.services import ModelUnavailable
from dashboard.shell.attributes import attributes
from dashboard.store import QueryError, StoreError
from dashboard.store.jobs import Job
from dashboard.store.judgements import HIDDEN
from model.outcome import Outcome
from model.points import point_label, point_words

if TYPE_CHECKING:
    from dashboard.store import Record
    from model.bundle import Bundle

TICK = 1000


@dataclass(frozen=True)
class Progress:
    """A job as a page shows it."""

    id: str
    model: str
    operating_point: str
    done: int
    total: int
    failed: int
    active: bool
    cancelled: bool


def job_progress() -> Component:
    """Where the jobs that were started in this browser show up on a page, until somebody dismisses them there."""
    return html.Div(
        [
            html.Div(id="jobs-strip"),
            dcc.Interval(id="jobs-tick", interval=TICK, disabled=True),
            dcc.Store(id="jobs-done"),
            dcc.Store(id="jobs-mine", storage_type="local"),
            dcc.Store(id="again-started"),
            # history.js says here which job to stop or to dismiss, and the server that it did stop one.
            dcc.Store(id="again-stop"),
            dcc.Store(id="again-stopped"),
            dcc.Store(id="jobs-dismissed"),
        ],
        className="jobs",
    )


def progress_of(job: Job) -> Progress:
    """A job as a page shows it."""
    return Progress(
        job.id,
        job.model,
        job.operating_point,
        len(job.pairs),
        len(job.ids),
        job.failed,
        job.active,
        job.state == "cancelled",
    )


def register() -> None:
    """Add the callbacks. Dash runs pages anew for every application, and this module only once: one page calls it."""
    callback(
        Output("again-started", "data"),
        Output("again-problem", "children"),
        Input("again-start", "n_clicks"),
        State("again-model", "value"),
        State("review-ids", "data"),
        prevent_initial_call=True,
    )(start_predicting_again)
    callback(Output("again-stopped", "data"), Input("again-stop", "data"), prevent_initial_call=True)(
        stop_job
    )
    callback(
        Output("jobs-strip", "children"),
        Output("jobs-tick", "disabled"),
        Output("jobs-done", "data"),
        Input("jobs-tick", "n_intervals"),
        Input("jobs-mine", "data"),
        Input("again-stopped", "data"),
        State("jobs-done", "data"),
        prevent_initial_call=True,
    )(updated_jobs)
    clientside_callback(
        ClientsideFunction("history", "jobs"),
        Output("jobs-mine", "data"),
        Input("again-started", "data"),
        Input("jobs-dismissed", "data"),
        State("jobs-mine", "data"),
        prevent_initial_call=True,
    )


def start_predicting_again(
    clicks: int | None, choice: str | None, ids: Mapping[str, int] | None
) -> tuple[Any, Any]:
    """Put the predictions that are meant into the queue of the background worker."""
    if not clicks:
        return no_update, no_update
    model, _, point = (choice or "").partition("/")
    try:
        job = Jobs.current().start(current_actor(), list(ids or {}), model, point or None)
    except (ModelUnavailable, QueryError, StoreError) as error:
        return no_update, str(error)
    return job.id, ""


def stop_job(job_id: str | None) -> str | None:
    """Stop a job. Its own callback: one that ticks trigger, too, would be called once for a tick and a press."""
    Jobs.current().cancel(job_id or "")
    return job_id


def updated_jobs(
    _ticks: int | None, mine: Sequence[Any] | None, _stopped: str | None, told: Any
) -> tuple[Any, Any, Any]:
    """How far this browser's jobs are; the ones that have ended are told once more to whoever waits for them.

    Args:
        mine: their ids, as the browser has kept them; some may be forgotten.
    """
    found = (Jobs.current().get(one) for one in mine or () if isinstance(one, str))
    jobs = [job for job in found if job is not None]
    ended = [job.id for job in jobs if not job.active]
    return (
        job_lines([progress_of(job) for job in jobs]),
        not any(job.active for job in jobs),
        no_update if ended == (told or []) else ended,
    )


def model_and_point_options(bundles: Sequence["Bundle"]) -> list[dict[str, str]]:
    """Every model at every operating point; the value is "model/point", the model's usual point first."""
    found = []
    for bundle in bundles:
        usual = bundle.card.operating_point
        for point in sorted(
            bundle.card.operating_points, key=lambda one: (one.name != usual, one.sensitivity)
        ):
            words = f"{bundle.name} {bundle.card.version} · {point_label(point, bundle.card)}"
            found.append({"label": words, "value": f"{bundle.name}/{point.name}"})
    return found


def model_choice(bundles: Sequence["Bundle"], already: str = "") -> html.Div:
    """Choice of the model and the button; ids are the same wherever it stands.

    Args:
        already: value of `options` that has answered; it is not offered.
    """
    choices = [one for one in model_and_point_options(bundles) if one["value"] != already]
    # Another model first: the same one at another operating point has the same probabilities.
    choices.sort(key=lambda one: one["value"].split("/")[0] == already.split("/")[0])
    return html.Div(
        [
            html.P("No other model is installed that can predict.", className="note", hidden=bool(choices)),
            html.Div(
                [
                    html.Label("Model and operating point", htmlFor="again-model", className="label"),
                    dbc.Select(
                        id="again-model",
                        options=choices,
                        value=choices[0]["value"] if choices else None,
                    ),
                    html.Button(
                        "Predict again", id="again-start", type="button", className="btn btn-primary"
                    ),
                    html.Div(id="again-problem", className="history-error", role="alert"),
                ],
                className="again",
                hidden=not choices,
            ),
        ]
    )


def job_lines(jobs: Sequence[Progress]) -> list[Component]:
    """A line for each job."""
    return [job_line(job) for job in jobs]


def job_line(job: Progress) -> html.Div:
    """How far a job is, what it came to, and the way to its comparison."""
    name = model_at_point(job.model, job.operating_point)
    if job.active:
        told = f"Predicting again with {name}: {job.done:,} of {job.total:,}"
    elif job.cancelled:
        told = f"Stopped after {job.done:,} of {job.total:,} with {name}."
    else:
        told = f"{job.done - job.failed:,} predicted again with {name}."
    if job.failed:
        told += f" {job.failed:,} could not be."
    stop = html.Button(
        "Stop",
        type="button",
        className="btn btn-outline-secondary btn-sm",
        **attributes(data_stop=job.id),
    )
    dismiss = html.Button(
        "Dismiss",
        type="button",
        className="link",
        **attributes(data_dismiss_job=job.id, aria_label=f"Dismiss: {told}"),
    )
    return html.Div(
        [
            html.Span(told, role="status"),
            html.Progress(
                value=str(job.done), max=str(job.total), hidden=not job.active, **attributes(aria_label=told)
            ),
            dcc.Link("Compare", href=local_address(f"/compare/{job.id}"), className="action"),
            stop if job.active else dismiss,
        ],
        className="job",
    )


def model_at_point(model: str, point: str) -> str:
    """A model at an operating point, in words; old predictions have no name for theirs."""
    return f"{model} · {point_words(point)}" if point else model


def answered_by(record: "Record") -> str:
    """Which model said this, and at which operating point."""
    return model_at_point(f"{record.model} {record.model_version}", record.operating_point)


def prediction_difference(before: "Record", after: "Record") -> str:
    """How another answer differs, in words."""
    if HIDDEN in (before.outcome, after.outcome):
        return "shown once you have judged the photograph"
    turned = "same outcome" if after.outcome is before.outcome else "another outcome"
    if Outcome.NO_RESULT in (before.outcome, after.outcome):
        return turned
    points = 100 * (after.probability - before.probability)
    if abs(points) < 0.05:
        return f"{turned}, the same probability"
    return f"{turned}, {abs(points):.1f} points {'higher' if points > 0 else 'lower'}"
