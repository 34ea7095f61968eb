"""Jobs: what is predicted again in the background, by whichever process."""

from collections.abc import Sequence
from typing import Any

from dash import Input, Output, callback, dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.admin.parts import (
    act_on_pressed,
    action_button,
    listing_table,
    part_head,
    register_press,
    time_or_never,
)
from dashboard.jobs.worker import Jobs
from dashboard.services import Services
from dashboard.shell.predict_again import model_at_point
from dashboard.store.jobs import Job
from dashboard.store.registry import ModelState

TITLE, NAME = "Jobs", "jobs"
CANCEL, RETRY = "admin-job-cancel", "admin-job-retry"
NOTE = "Photographs that are predicted again with another model. A job is listed for 30 days after its end."
MOST_SHOWN = 50


def layout() -> html.Section:
    """The part of the page."""
    refresh = action_button("Refresh", "admin-jobs-refresh", says="Refresh the list of jobs")
    return html.Section(
        [part_head(TITLE, NOTE, refresh), html.Div(job_list(), id="admin-jobs")],
        id=NAME,
    )


def job_list() -> Component:
    """The newest jobs as they are now."""
    services = Services.current()
    models = {bundle.card.sha256 for bundle in services.runnable}
    return listing_table(
        TITLE,
        ("Asked for", "By", "Model", "Done", "State", ""),
        [
            (
                time_or_never(job.created),
                job.who or "—",
                model_at_point(job.model, job.operating_point),
                job_count(job),
                job_state(
                    job, job.model_sha256 in models, services.state_of(job.model) is ModelState.RETIRED
                ),
                job_actions(job),
            )
            for job in Jobs.current().queue.newest(MOST_SHOWN)
        ],
        "Nobody has asked for anything to be predicted again.",
    )


def job_count(job: Job) -> str:
    """How far a job is, in words."""
    failed = f", {job.failed:,} failed" if job.failed else ""
    return f"{len(job.pairs):,} of {len(job.ids):,}{failed}"


def job_state(job: Job, runs_here: bool, retired: bool = False) -> str:
    """Where a job stands, in words.

    Args:
        runs_here: whether this process has the model that was asked for.
        retired: whether the model no longer predicts.
    """
    if job.active and retired:
        return "Waits: the model is retired"
    if job.active and not runs_here:
        return "Waits for a process that has this version of the model"
    return str(job.state).capitalize()


def job_actions(job: Job) -> Component:
    """What can be done with a job."""
    told = f"the job with {job.model}, {job_count(job)}"
    actions: list[Component] = [
        dcc.Link("Compare", href=local_address(f"/compare/{job.id}"), className="action")
    ]
    if job.active:
        actions.append(action_button("Cancel", {"type": CANCEL, "id": job.id}, says=f"Cancel {told}"))
    elif job.failed or len(job.pairs) < len(job.ids):
        actions.append(action_button("Try again", {"type": RETRY, "id": job.id}, says=f"Try again {told}"))
    return html.Div(actions, className="job-actions")


def cancel_listed_job(_clicks: Sequence[int | None]) -> tuple[Any, Any]:
    """Stop a job."""

    def cancel(job_id: str) -> str:
        Jobs.current().cancel(job_id)
        return "The job is stopped. What it has predicted stays."

    return act_on_pressed(CANCEL, cancel)


def retry_listed_job(_clicks: Sequence[int | None]) -> tuple[Any, Any]:
    """Try again what a job could not do."""
    retry = Jobs.current().retry
    return act_on_pressed(RETRY, lambda job_id: f"{retry(job_id):,} photographs are predicted once more.")


def refresh_job_list(_clicks: int | None, _changed: str | None) -> Component:
    """The newest jobs as they are now."""
    return job_list()


def register() -> None:
    """Add the callbacks; Dash forgets them with every application."""
    register_press(CANCEL, cancel_listed_job)
    register_press(RETRY, retry_listed_job)
    callback(
        Output("admin-jobs", "children"),
        Input("admin-jobs-refresh", "n_clicks"),
        Input("admin-changed", "data"),
        prevent_initial_call=True,
    )(refresh_job_list)
