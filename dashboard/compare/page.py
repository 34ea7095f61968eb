"""`/compare/<job_id>`: what another model said of a selection, beside what was said before."""

from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.jobs.worker import Job, Jobs
from dashboard.services import Services
from dashboard.shell import again_parts as parts
from dashboard.shell import predict_again as again
from dashboard.store import NotFound, Record


def exists(job_id: str) -> bool:
    """Whether this server knows such a job."""
    return Jobs.current().get(job_id) is not None


dash.register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/compare/<job_id>",
    title="Comparison · Dermaboard",
    name="Comparison",
    exists=exists,
)


def layout(job_id: str | None = None, **_: Any) -> html.Div:
    """The comparison as far as the job is."""
    job = Jobs.current().get(job_id or "")
    back = html.P(dcc.Link("← History", href=local_address("/history"), className="action"))
    if job is None:
        return html.Div([missing(), html.Div(id="compare-body", hidden=True), dcc.Store(id="compare-job")])
    return html.Div(
        [
            back,
            html.H1("Two models compared"),
            again.follow(),
            html.Div(body(job), id="compare-body"),
            dcc.Store(id="compare-job", data=job.id),
        ],
        className="case",
    )


def missing() -> Component:
    """No such comparison."""
    return html.Div(
        [
            html.H1("This comparison is not here"),
            html.P(
                "Comparisons are kept until the server restarts. The predictions themselves are in the history.",
                className="lead",
            ),
            html.P(
                dcc.Link("Look in the history", href=local_address("/history"), className="btn btn-primary")
            ),
        ],
        className="not-found",
    )


def body(job: Job) -> list[Component]:
    """What came out so far: a sentence, and the table."""
    pairs = [(pair.before, find(pair.before), find(pair.after), pair.problem) for pair in job.pairs]
    counts = parts.summary(pairs)
    answered, same = counts["answered"], counts["same"]
    if not answered:
        sentence = "Nothing is predicted yet." if job.active else "Nothing could be predicted again."
    elif same == answered:
        sentence = (
            f"The decision is the same for {'it' if answered == 1 else f'all {answered:,} photographs'}."
        )
    else:
        sentence = (
            f"The decision is the same for {same:,} of {answered:,} photographs; it moved towards malignant for "
            f"{counts['up']:,} and towards benign for {counts['down']:,}."
        )
    return [
        html.P(sentence, className="lead", role="status"),
        parts.comparison(pairs, job.model) if pairs else html.P(),
    ]


def find(record_id: str | None) -> Record | None:
    """The prediction, if it is still there."""
    try:
        return Services.current().store.get(record_id or "")
    except NotFound:
        return None


@callback(
    Output("compare-body", "children"),
    Input("jobs-tick", "n_intervals"),
    Input("jobs-done", "data"),
    State("compare-job", "data"),
    prevent_initial_call=True,
)
def show(_ticks: int | None, _done: Any, job_id: str | None) -> Any:
    """The comparison grows with the job."""
    job = Jobs.current().get(job_id or "")
    return no_update if job is None else body(job)
