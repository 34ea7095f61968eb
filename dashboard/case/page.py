"""`/history/<case_id>`: one prediction with everything that is known of it.

The address carries the filters of the history along, so that previous and next stay within them.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component
from plotly.graph_objects import Figure

from dashboard import examples
from dashboard.case import hold, parts
from dashboard.case.head import head_of_case
from dashboard.case.no_case import empty_record
from dashboard.cases import change_cases, current_actor, delete_cases
from dashboard.judging import as_asked, as_read, current_judge, read_one
from dashboard.services import Services
from dashboard.shell import predict_again as again
from dashboard.shell.attempts import attempts_as_read
from dashboard.shell.boxes import BINNED, box, confirmation, missing_prediction
from dashboard.shell.browse import lenient, search_of_parameters
from dashboard.shell.known_cases import pictured_cases
from dashboard.shell.outline import why_no_outline
from dashboard.shell.result_card import result_card
from dashboard.shell.review_form import (
    NOTHING,
    audit_lines,
    audit_list,
    register_review,
    review_form,
    review_list,
    review_problem,
)
from dashboard.shell.text import WITHOUT_CHANCE
from dashboard.store import Conflict, InputError, NotFound, QueryError, Record, StoreError
from dashboard.store.fields import CONTEXT
from dashboard.store.judgements import HIDDEN
from dashboard.store.patients import Patients
from dashboard.store.summary import same_image
from model.evaluation.figures import monitoring
from model.taxonomy import Taxonomy

dash.register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/history/<case_id>",
    title="Prediction · Dermaboard",
    name="Prediction",
    exists=lambda case_id: Services.current().holds(case_id),
)


def layout(case_id: str | None = None, **parameters: Any) -> html.Div:
    """The prediction's page, or what to do when there is none."""
    if case_id is None or case_id == "none":
        # Dash asks for the page of no case, to learn which components its callbacks will find.
        return html.Div(
            [
                missing_prediction(),
                html.Div(
                    [*sections(empty_record(), ""), html.Div(id="case-head"), html.Div(id="case-card")],
                    hidden=True,
                ),
                dcc.Store(id="case-card-html"),
                *case_controls(empty_record()),
            ]
        )
    try:
        services = Services.current()
        stored = services.store.get(case_id)
    except NotFound:
        return missing_prediction()
    record, search = read_one(services, stored), search_of_parameters(parameters)
    return html.Div(
        [
            parts.way(search, *neighbours(record.id, search)),
            html.H1("Prediction"),
            html.Div(head_of_case(record), id="case-head"),
            html.Div(id="case-card", tabIndex=-1),
            *sections(record, search),
            *case_controls(record),
            dcc.Store(
                id="case-card-html",
                data=result_card(
                    record,
                    taxonomy_of(record),
                    drawn=examples.is_drawn(record.sha256),
                    no_outline=why_no_outline(services, stored),
                    prevalence=services.prevalence(stored),
                    attempts=attempts_as_read(services, stored),
                    pictured=pictured_cases(record),
                    judge=current_judge(services),
                ),
            ),
        ],
        className="case",
    )


def taxonomy_of(record: Record) -> Taxonomy:
    """What the codes of a prediction mean."""
    return Services.current().known.of(record.model_sha256)


def neighbours(case_id: str, search: str) -> tuple[str | None, str | None]:
    """The predictions before and after this one under the filters of the history."""
    view, _ = lenient(search)
    try:
        services = Services.current()
        return services.store.neighbours(case_id, as_asked(services, view.query()))
    except (NotFound, QueryError):
        return None, None


def sections(record: Record, search: str) -> list[Component]:
    """Everything below the result."""
    services = Services.current()
    return [
        html.Div(
            [
                box(
                    "Review",
                    html.Div(reviews_and_audit(record), id="case-reviews"),
                    html.Details(
                        [html.Summary("Add a review"), review_form(record.tags, taxonomy_of(record))],
                        open=record.review == "open",
                        hidden=record.outcome == HIDDEN,
                        className="case-form",
                    ),
                ),
                box(
                    "Person and lesion",
                    parts.context_editor(record.context),
                    note="Stored and searched; never used by a model.",
                ),
            ],
            className="case-columns",
        ),
        box("This lesion over time", lesion_visits(record, search)),
        box(
            "Other models on this photograph",
            html.Div(other_predictions(record), id="case-answers"),
            again.model_choice(services.runnable, f"{record.model}/{record.operating_point}"),
            again.job_progress(),
            note="Another model predicts the stored photograph. Both results are kept.",
        ),
        html.Div(parts.prediction_facts(record), id="case-facts"),
    ]


def reviews_and_audit(record: Record) -> list[Component]:
    """What people said of the prediction, and what was done to it."""
    store, taxonomy = Services.current().store, taxonomy_of(record)
    if record.outcome == HIDDEN:
        return [html.P("What others said is shown once you have judged.", className="note")]
    try:
        return [
            parts.review_state_words(record, taxonomy),
            review_list(store.reviews(record.id), taxonomy),
            audit_list(store.audit(record.id), taxonomy),
        ]
    except NotFound:
        return []


def same_lesion_cases(record: Record) -> tuple[Record, ...]:
    """The cases of a record's lesion by the day on which they were taken; none where nobody has named a lesion."""
    if record.context.lesion is None:
        return ()
    return Patients(Services.current().store).cases_of_lesion(record.lesion_id)


def lesion_visits(record: Record, search: str) -> Component:
    """The lesion's visits."""
    records = as_read(Services.current(), same_lesion_cases(record))
    if not record.id:
        return dcc.Graph(id="case-trend")
    return html.Div([parts.way_to_lesion(record), parts.visits(records, record.id, search)])


def other_predictions(record: Record) -> Component:
    """What models said of this photograph."""
    services = Services.current()
    records = same_image(services.store, record.sha256)
    if record.outcome == HIDDEN:
        return html.P("What models say is shown once you have judged.", className="note")
    return (
        parts.predictions_side_by_side(records, record.id, partial(why_no_outline, services))
        if record.id
        else html.Div()
    )


def case_controls(record: Record) -> list[Component]:
    """What callbacks work with."""
    return [
        hold.hold_box(record),
        html.Div(
            html.Button(
                "Delete this prediction",
                id="case-delete",
                type="button",
                className="btn btn-outline-secondary",
            )
        ),
        confirmation("case-dialog"),
        dcc.Store(id="case-id", data=record.id),
        dcc.Store(id="review-ids", data={record.id: record.revision}),
        dcc.Store(id="context-done"),
        dcc.Store(id="case-gone"),
        dcc.Store(id=BINNED, storage_type="session"),
        dcc.Store(id="case-times"),
    ]


@callback(
    Output("case-reviews", "children"),
    Output("review-ids", "data"),
    Output("review-remove", "options"),
    Output("review-note", "value"),
    Output("review-add", "value"),
    Output("review-remove", "value"),
    Output("review-diagnosis", "value"),
    Output("review-source", "value"),
    Input("review-done", "data"),
    State("case-id", "data"),
    prevent_initial_call=True,
)
def show_saved_review(done: Mapping[str, Any] | None, case_id: str) -> tuple[Any, ...]:
    """The reviews as they are now; the form is emptied when one was saved, and kept when somebody was faster."""
    if not done:
        return (no_update,) * 8
    try:
        services = Services.current()
        record = read_one(services, services.store.get(case_id))
    except NotFound:
        return (no_update,) * 8
    fresh = ("", "", [], NOTHING, NOTHING) if "saved" in done else (no_update,) * 5
    return reviews_and_audit(record), {record.id: record.revision}, list(record.tags), *fresh


@callback(
    Output("context-done", "data"),
    Output("context-problem", "children"),
    Output("case-reviews", "children", allow_duplicate=True),
    Output("review-ids", "data", allow_duplicate=True),
    Output("context-site", "value"),
    Input("context-save", "n_clicks"),
    State("case-id", "data"),
    State("review-ids", "data"),
    State("reviewer", "value"),
    *(State(f"context-{field.name}", "value") for field in CONTEXT),
    prevent_initial_call=True,
)
def save_context(
    clicks: int | None,
    case_id: str,
    seen: Mapping[str, int] | None,
    who: str | None,
    *values: Any,
) -> tuple[Any, ...]:
    """Keep what the user tells of the lesion, unless somebody was faster."""
    if not clicks:
        return (no_update,) * 5
    services = Services.current()
    try:
        given = zip(CONTEXT, values, strict=True)
        fields = {part.name: None if part.choices and value == NOTHING else value for part, value in given}
        (changed,) = change_cases(current_actor(who), services, {case_id: (seen or {}).get(case_id)}, fields)
        record = read_one(services, changed)
    except Conflict as error:
        now = error.record and read_one(services, error.record)
        fresh = (reviews_and_audit(now), {now.id: now.revision}) if now else (no_update, no_update)
        changes = () if now and now.outcome == HIDDEN else error.changes
        problem = review_problem(str(error), audit_lines(changes, services.known.every))
        return {"conflict": clicks}, problem, *fresh, no_update
    except NotFound:
        gone = "This prediction was deleted meanwhile. Nothing was saved."
        return no_update, review_problem(gone), *(no_update,) * 3
    except (InputError, StoreError) as error:
        return no_update, review_problem(str(error)), *(no_update,) * 3
    return (
        {"saved": clicks},
        html.P("Saved.", className="note", role="status"),
        reviews_and_audit(record),
        {record.id: record.revision},
        record.context.site or "",  # the lesion's
    )


@callback(
    Output("case-head", "children"),
    Input("context-done", "data"),
    State("case-id", "data"),
    prevent_initial_call=True,
)
def refresh_case_head(_done: Any, case_id: str) -> Any:
    """The head, once the patient, the lesion, the site or the date is another."""
    try:
        services = Services.current()
        return head_of_case(read_one(services, services.store.get(case_id)))
    except NotFound:
        return no_update


@callback(
    Output("case-answers", "children"),
    Input("jobs-done", "data"),
    State("case-id", "data"),
    prevent_initial_call=True,
)
def refresh_predictions_side_by_side(_done: Any, case_id: str) -> Any:
    """The answers of other models, once there is a new one."""
    try:
        services = Services.current()
        return other_predictions(read_one(services, services.store.get(case_id)))
    except NotFound:
        return no_update


@callback(Output("case-trend", "figure"), Input("theme", "data"), State("case-id", "data"))
def lesion_trend(theme: str | None, case_id: str | None) -> Figure:
    """The probability of the lesion over its visits."""
    services = Services.current()
    try:
        visits = same_lesion_cases(Services.current().store.get(case_id or ""))
    except NotFound:
        visits = ()
    # No result has no probability to be shown.
    records = [
        record
        for record in as_read(services, visits)
        if record.outcome not in WITHOUT_CHANCE and record.day is not None
    ]
    ids = [record.id for record in records]
    return monitoring.lesion_trend_figure(
        [datetime.fromisoformat(record.day or "") for record in records],
        [record.probability for record in records],
        [str(record.outcome) for record in records],
        [f"{record.model} {record.model_version}" for record in records],
        ids.index(case_id) if case_id in ids else -1,
        theme,
    )


@callback(
    Output("case-gone", "data"),
    Output("case-dialog-error", "children", allow_duplicate=True),
    Output(BINNED, "data"),
    Input("case-dialog-confirm", "n_clicks"),
    State("case-id", "data"),
    State("reviewer", "value"),
    prevent_initial_call=True,
)
def delete_case(clicks: int | None, case_id: str, who: str | None) -> tuple[Any, Any, Any]:
    """Put the case into the bin; the browser then goes back to the history, which offers to undo it."""
    if not clicks:
        return no_update, no_update, no_update
    try:
        gone = delete_cases(current_actor(who), Services.current(), [str(case_id)])
    except (Conflict, StoreError) as error:
        return no_update, str(error), no_update
    if not gone:
        return no_update, "It is deleted already, perhaps in another tab.", no_update
    return True, "", list(gone)


clientside_callback(
    ClientsideFunction("card", "show"), Output("case-card", "title"), Input("case-card-html", "data")
)
clientside_callback(
    ClientsideFunction("case", "fresh"), Input("review-ids", "data"), prevent_initial_call=True
)
clientside_callback(
    ClientsideFunction("history", "times"),
    # Without an output Dash would not call it when the page opens.
    Output("case-times", "data"),
    Input("case-reviews", "children"),
    Input("case-facts", "children"),
)
clientside_callback(
    ClientsideFunction("history", "ask"),
    Output("case-dialog", "is_open"),
    Output("case-dialog-error", "children"),
    Input("case-delete", "n_clicks"),
    Input("case-dialog-cancel", "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "leave"), Input("case-gone", "data"), prevent_initial_call=True
)

# For the pages that review or ask another model, all of them: two registrations would be one too many.
register_review()
again.register()
hold.register()
