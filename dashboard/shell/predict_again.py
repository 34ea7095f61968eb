"""Asking another model again, and following how far it is, wherever a page has the parts for it."""

from collections.abc import Mapping
from typing import Any

from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.jobs.worker import Job, Jobs
from dashboard.services import ModelUnavailable
from dashboard.shell import again_parts as parts
from dashboard.store import QueryError

TICK = 1000


def follow() -> Component:
    """Where jobs show up on a page."""
    active = any(job.active for job in Jobs.current().recent())
    return html.Div(
        [
            html.Div(parts.strip([progress(job) for job in Jobs.current().recent()]), id="jobs-strip"),
            dcc.Interval(id="jobs-tick", interval=TICK, disabled=not active),
            dcc.Store(id="jobs-done"),
            dcc.Store(id="again-started"),
            # history.js says here which job to stop, and the server that it did.
            dcc.Store(id="again-stop"),
            dcc.Store(id="again-stopped"),
        ],
        className="jobs",
    )


def progress(job: Job) -> parts.Progress:
    """A job as a page shows it."""
    return parts.Progress(
        job.id,
        job.model,
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
    )(start)
    callback(Output("again-stopped", "data"), Input("again-stop", "data"), prevent_initial_call=True)(stop)
    callback(
        Output("jobs-strip", "children"),
        Output("jobs-tick", "disabled"),
        Output("jobs-done", "data"),
        Input("jobs-tick", "n_intervals"),
        Input("again-started", "data"),
        Input("again-stopped", "data"),
        State("jobs-done", "data"),
        prevent_initial_call=True,
    )(tell)


def start(clicks: int | None, choice: str | None, ids: Mapping[str, int] | None) -> tuple[Any, Any]:
    """Put the predictions that are meant into the queue of the background worker."""
    if not clicks:
        return no_update, no_update
    model, _, point = (choice or "").partition("/")
    try:
        job = Jobs.current().start(list(ids or {}), model, point or None)
    except (ModelUnavailable, QueryError) as error:
        return no_update, str(error)
    return job.id, ""


def stop(job_id: str | None) -> str | None:
    """Stop a job. Its own callback: one that ticks trigger, too, would be called once for a tick and a press."""
    Jobs.current().cancel(job_id or "")
    return job_id


def tell(_ticks: int | None, _started: str | None, _stopped: str | None, told: Any) -> tuple[Any, Any, Any]:
    """How far the jobs are; the ones that have ended are told once more to whoever waits for them."""
    jobs = Jobs.current().recent()
    ended = [job.id for job in jobs if not job.active]
    return (
        parts.strip([progress(job) for job in jobs]),
        not any(job.active for job in jobs),
        no_update if ended == (told or []) else ended,
    )
