"""`/compare/<job_id>`: what a model said of a selection when it predicted again, beside what was said before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dash
from dash import Input, Output, Patch, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.compare import parts
from dashboard.jobs.worker import Jobs
from dashboard.judging import as_read
from dashboard.services import Services
from dashboard.shell import predict_again as again
from dashboard.store.jobs import Job, Pair

NO_JOB = Job("", datetime.min.replace(tzinfo=UTC), "", "", ())


def is_job(job_id: str) -> bool:
    """Whether there is such a job."""
    return Jobs.current().get(job_id) is not None


dash.register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/compare/<job_id>",
    title="Comparison · Dermaboard",
    name="Comparison",
    exists=is_job,
)


def layout(job_id: str | None = None, **_: Any) -> html.Div:
    """The comparison as far as the job is."""
    job = Jobs.current().get(job_id or "")
    if job is None:
        # Dash asks for the page of no job, to learn which components its callbacks will find.
        return html.Div([no_comparison(), html.Div(comparison_contents(NO_JOB), hidden=True)])
    return html.Div(
        [
            html.P(dcc.Link("← History", href=local_address("/history"), className="action")),
            html.H1(f"Predicted again with {again.model_at_point(job.model, job.operating_point)}"),
            again.job_progress(),
            *comparison_contents(job),
        ],
        className="case",
    )


def no_comparison() -> Component:
    """No such comparison."""
    return html.Div(
        [
            html.H1("This comparison is not here"),
            html.P(
                "Comparisons are kept for 30 days. The predictions themselves are in the history.",
                className="lead",
            ),
            html.P(
                dcc.Link("Look in the history", href=local_address("/history"), className="btn btn-primary")
            ),
        ],
        className="not-found",
    )


def comparison_contents(job: Job) -> list[Component]:
    """What came out so far: a sentence, the table, and what a tick has to know of them."""
    pairs = comparisons(job.pairs)
    counts = parts.summary(pairs)
    return [
        html.P(comparison_sentence(job, counts), id="compare-sentence", className="lead", role="status"),
        parts.comparison_body(pairs),
        html.Button(
            "Show more",
            id="compare-more",
            type="button",
            hidden=len(pairs) <= parts.ROWS,
            className="btn btn-outline-secondary",
        ),
        dcc.Interval(id="compare-tick", interval=again.TICK, disabled=not job.active),
        dcc.Store(id="compare-job", data=job.id),
        dcc.Store(id="compare-seen", data=seen_of(job, counts, parts.ROWS)),
    ]


def seen_of(job: Job, counts: Mapping[str, int], rows: int) -> dict[str, int]:
    """How far the page is: how many pairs it knows and shows, whether they are all, and what they come to."""
    return {"pairs": len(job.pairs), "rows": rows, "active": int(job.active), **counts}


def comparison_sentence(job: Job, counts: Mapping[str, int]) -> str:
    """What the answers come to."""
    answered, same = counts["answered"], counts["same"]
    if not answered:
        return "Nothing is predicted yet." if job.active else "Nothing could be predicted again."
    if same == answered:
        return f"The outcome is the same for {'it' if answered == 1 else f'all {answered:,} photographs'}."
    one_result = (
        f" For {counts['one_result']:,} only one of the two has a result." if counts["one_result"] else ""
    )
    return (
        f"The outcome is the same for {same:,} of {answered:,} photographs; it moved towards malignant for "
        f"{counts['up']:,} and towards benign for {counts['down']:,}.{one_result}"
    )


def comparisons(pairs: Sequence[Pair]) -> list[parts.Comparison]:
    """Pairs with their predictions, those that are still there."""
    services = Services.current()
    found = services.store.get_many([one for pair in pairs for one in (pair.before, pair.after) if one])
    records = {one.id: one for one in as_read(services, list(found.values()))}
    return [
        (pair.before, records.get(pair.before), records.get(pair.after or ""), pair.problem) for pair in pairs
    ]


@callback(
    Output("compare-sentence", "children"),
    Output("compare-rows", "children"),
    Output("compare-table", "hidden"),
    Output("compare-more", "hidden"),
    Output("compare-tick", "disabled"),
    Output("compare-seen", "data"),
    Input("compare-tick", "n_intervals"),
    Input("compare-more", "n_clicks"),
    State("compare-job", "data"),
    State("compare-seen", "data"),
    prevent_initial_call=True,
)
def show_comparison(
    _ticks: int | None, _more: int | None, job_id: str | None, seen: Mapping[str, int]
) -> tuple[Any, ...]:
    """The comparison grows with the job: a tick costs what is new. At the end of the job the rows are sorted."""
    job, more = Jobs.current().get(job_id or ""), ctx.triggered_id == "compare-more"
    if job is None or (not more and (len(job.pairs), int(job.active)) == (seen["pairs"], seen["active"])):
        return (no_update,) * 6
    rows: Any
    shown = seen["rows"]
    if not job.active:
        pairs = comparisons(job.pairs)
        counts = parts.summary(pairs)
        # What comes next follows the rows that are there, unless these have to be sorted first.
        first = shown if more and not seen["active"] else 0
        shown += parts.ROWS * more
        found = parts.table_rows(parts.ordered_pairs(pairs)[first:shown])
    else:
        pairs = comparisons(job.pairs[seen["pairs"] :])
        counts = {name: seen[name] + number for name, number in parts.summary(pairs).items()}
        first = seen["pairs"]
        found = parts.table_rows(pairs[: max(0, shown - first)])
    rows = found
    if first:
        rows = Patch()
        rows.extend(found)
    return (
        comparison_sentence(job, counts),
        rows,
        not job.pairs,
        job.active or len(job.pairs) <= shown,
        not job.active,
        seen_of(job, counts, shown),
    )
