"""`/lesions/<lesion_id>`: a lesion over time: photographs by the day they were taken, then and now, the trend."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dash
import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from plotly.graph_objects import Figure

from dashboard.addresses import local_address
from dashboard.cases import current_actor
from dashboard.judging import as_read
from dashboard.patient import parts
from dashboard.patient.merging import done_note, lesion_merge_form, offered_patients, split_lesion
from dashboard.patient.moving import lesion_move_form, move_form_of_lesion, move_lesion, move_lesion_back
from dashboard.patient.visits import LesionStory, one_a_photograph
from dashboard.patients import change_lesion, merge_lesion, undo_lesion_merge
from dashboard.services import Services, is_there
from dashboard.shell.attributes import attributes
from dashboard.shell.boxes import box, dead_end_page
from dashboard.shell.review_form import NOTHING, form_field, review_problem
from dashboard.shell.side_by_side import photograph_pane, swipe_bar, zoom_bar
from dashboard.shell.text import WITHOUT_CHANCE, taken_words
from dashboard.shell.verdict import verdict_and_chance
from dashboard.store import Conflict, InputError, NotFound, Record, StoreError
from dashboard.store.fields import LESION, LesionDetails
from dashboard.store.patients import Patients
from dashboard.store.placing import Lesion, Patient
from model.evaluation.figures import monitoring
from model.evaluation.figures.template import CONFIG

SIDES = ("then", "now")


def lesion_is_here(lesion_id: str) -> bool:
    """Whether there is such a lesion; the pages of unknown ones are answered with the status 404."""
    return is_there(Patients(Services.current().store).lesion, lesion_id)


dash.register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/lesions/<lesion_id>",
    title="Lesion · Dermaboard",
    name="Lesion",
    exists=lesion_is_here,
)


def layout(lesion_id: str | None = None, **_: Any) -> html.Div:
    """The lesion's page, or what to do when there is none."""
    services = Services.current()
    people = Patients(services.store)
    try:
        lesion = people.lesion(lesion_id or "none")
        patient = people.get(lesion.patient_id)
    except NotFound:
        return dead_end_page(
            "This lesion is not here",
            "The record was erased, or there is a typing error in the address.",
            # Dash asks for the page of no lesion, to learn which components its callbacks will find.
            html.Div(
                [
                    lesion_form(LesionDetails()),
                    *choices(()),
                    *(html.Div(id=name) for name in ("lesion-sides", "lesion-head", "lesion-sections")),
                    html.Div(lesion_merge_form(None, (), ()), id="lesion-merging", className="case"),
                    html.Div(lesion_move_form(None, None), id="lesion-moving", className="case"),
                    html.Nav(id="lesion-back"),
                    trend(),
                ],
                hidden=True,
            ),
            *lesion_stores("", 0),
        )
    story = lesion_story(services, lesion)
    return html.Div(
        [
            html.Nav(way_back(patient), id="lesion-back", **attributes(aria_label="Way back")),
            html.Div(lesion_head(lesion, patient), id="lesion-head"),
            html.P(
                dcc.Link(
                    "Report to print", href=local_address(f"/lesion-report/{lesion.id}"), className="action"
                )
            ),
            html.Div(lesion_sections(story), id="lesion-sections", className="case"),
            html.Div(lesion_form(lesion.details)),
            html.Div(merge_form_of_story(services, story), id="lesion-merging", className="case"),
            html.Div(move_form_of_lesion(services, lesion), id="lesion-moving", className="case"),
            *lesion_stores(lesion.id, lesion.revision),
        ],
        className="case",
    )


def way_back(patient: Patient) -> dcc.Link:
    """The way to whose lesion it is."""
    return dcc.Link(
        f"← {parts.patient_name(patient)}", href=local_address(f"/patients/{patient.id}"), className="action"
    )


def lesion_story(services: Services, lesion: Lesion) -> LesionStory:
    """A lesion with its photographs, as whoever asks may see them."""
    return LesionStory(lesion, tuple(as_read(services, Patients(services.store).cases_of_lesion(lesion.id))))


def merge_form_of_story(services: Services, story: LesionStory) -> list[Component]:
    """What merges and splits a lesion."""
    others = [found.lesion for found in Patients(services.store).lesions(story.lesion.patient_id)]
    return lesion_merge_form(story.lesion, others, story.records)


def lesion_stores(lesion_id: str, revision: int) -> list[dcc.Store]:
    """What the callbacks have to know: which lesion it is, and which revision was seen."""
    return [dcc.Store(id="lesion-id", data=lesion_id), dcc.Store(id="lesion-seen", data=revision)]


def lesion_form(details: LesionDetails) -> html.Details:
    """The form that corrects a lesion."""
    return parts.record_form("lesion", LESION, details, "Change")


def lesion_head(lesion: Lesion, patient: Patient) -> list[Component]:
    """What and where it is."""
    words = " · ".join(filter(None, (parts.site_words(lesion), lesion.details.note)))
    merged: list[Component] = []
    if lesion.merged_into is not None:
        link = dcc.Link("another lesion", href=local_address(f"/lesions/{lesion.merged_into}"))
        merged = [html.P(["This record was merged with ", link, "."], className="note")]
    name = parts.lesion_name(lesion)
    title = f"{parts.patient_name(patient)}, {name[0].lower()}{name[1:]}"
    return [html.H1(html.Bdi(title)), html.P(words, className="lead"), *merged]


def lesion_sections(story: LesionStory) -> list[Any]:
    """Photographs, then and now, and the trend; the parts that callbacks fill are always there."""
    shown = one_a_photograph(story.records)
    if story.lesion.details.name is None:
        note = "Nobody has said which lesion each of these photographs shows, so they are no story of one."
        strip = box("Photographs", html.P(note, className="note"), parts.film_strip(shown))
        return [strip, html.Div([*choices(()), html.Div(id="lesion-sides"), trend()], hidden=True)]
    dated = [record for record in shown if record.day is not None]
    undated = len(shown) - len(dated)
    missing = (
        f"{undated} of {len(shown)} photographs without a date: last in the row, and not in the trend. Say on the "
        "page of the case when it was taken."
    )
    return [
        box(
            "Photographs",
            parts.film_strip(shown),
            html.P(missing, className="note", hidden=not undated),
            note="by the date they were taken",
        ),
        html.Section(
            [
                html.H2("Then and now"),
                html.Div(choices(shown), className="side-choices"),
                html.Div(id="lesion-sides"),
            ],
            className="card-box case-box",
            hidden=len(shown) < 2,
        ),
        html.Section(
            [html.H2("Chance of cancer over time"), trend(), html.P(trend_words(dated), className="note")],
            className="card-box case-box",
            hidden=not dated,
        ),
    ]


def choices(records: Sequence[Record]) -> list[html.Div]:
    """Which two photographs stand side by side: at first the oldest and the latest."""
    options = [
        {"label": f"{taken_words(record)} · {record.filename}", "value": record.id} for record in records
    ]
    dated = [record for record in records if record.day is not None] or list(records)
    usual = (dated[0].id, dated[-1].id) if dated else (None, None)
    return [
        form_field(
            side.capitalize(),
            dbc.Select(id=f"lesion-{side}", options=options, value=chosen),
            f"lesion-{side}",
        )
        for side, chosen in zip(SIDES, usual, strict=True)
    ]


def trend() -> dcc.Graph:
    """The figure that `draw_lesion_trend` draws."""
    return dcc.Graph(id="lesion-trend", config=CONFIG, className="case-trend")


def trend_words(records: Sequence[Record]) -> str:
    """What the trend does not join, and what its hollow marks are."""
    models = {f"{record.model} {record.model_version}" for record in records}
    parts_of_it = []
    if len(models) > 1:
        parts_of_it.append("Numbers of two model versions mean different things: no line joins them.")
    if any(record.cautions for record in records):
        parts_of_it.append("A hollow mark has cautions; they stand on the page of its case.")
    if any(record.outcome in WITHOUT_CHANCE for record in records):
        parts_of_it.append("A photograph without a result, or that you have to judge first, has no mark.")
    return " ".join(parts_of_it)


@callback(
    Output("lesion-sides", "children"),
    Input("lesion-then", "value"),
    Input("lesion-now", "value"),
)
def show_sides(then: str | None, now: str | None) -> Any:
    """The two photographs, enlarged and moved together, or one over the other."""
    services = Services.current()
    found = services.store.get_many([one for one in (then, now) if one])
    records = as_read(services, [found[one] for one in (then, now) if one in found])
    if len(records) < len(SIDES):
        return html.P("Choose two photographs that are there.", className="note")
    panes = [side_pane(word.capitalize(), record) for word, record in zip(SIDES, records, strict=True)]
    return html.Div(
        [zoom_bar(len(records)), swipe_bar(), html.Ul(panes, className="panes panes-2")], id="side-by-side"
    )


def side_pane(word: str, record: Record) -> html.Li:
    """One photograph of the two."""
    when = taken_words(record)
    return html.Li(
        [
            photograph_pane(record, f"{word}, {when}"),
            html.Strong(f"{word}: {when}"),
            html.Span(verdict_and_chance(record)),
            html.Span(f"{record.model} {record.model_version}", className="note"),
        ],
        className="pane-case",
    )


@callback(Output("lesion-trend", "figure"), Input("theme", "data"), State("lesion-id", "data"))
def draw_lesion_trend(theme: str | None, lesion_id: str | None) -> Figure:
    """The chance by the day of the photograph: every prediction that has a result and a day."""
    services = Services.current()
    records = [
        record
        for record in as_read(services, Patients(services.store).cases_of_lesion(lesion_id))
        if record.day is not None and record.outcome not in WITHOUT_CHANCE
    ]
    return monitoring.lesion_trend_figure(
        [datetime.fromisoformat(record.day or "") for record in records],
        [record.probability for record in records],
        [str(record.outcome) for record in records],
        [f"{record.model} {record.model_version}" for record in records],
        -1,
        theme,
        [bool(record.cautions) for record in records],
    )


@callback(
    Output("lesion-head", "children"),
    Output("lesion-seen", "data"),
    Output("lesion-problem", "children"),
    Input("lesion-save", "n_clicks"),
    State("lesion-id", "data"),
    State("lesion-seen", "data"),
    *(State(f"lesion-{part.name}", "value") for part in LESION),
    prevent_initial_call=True,
)
def save_lesion(clicks: int | None, lesion_id: str, seen: int, *values: Any) -> tuple[Any, ...]:
    """Correct the lesion, unless somebody was faster."""
    if not clicks:
        return (no_update,) * 3
    services = Services.current()
    try:
        lesion = change_lesion(current_actor(), services, lesion_id, parts.form_values(LESION, values), seen)
        patient = Patients(services.store).get(lesion.patient_id)
    except (Conflict, InputError, NotFound, StoreError) as error:
        return no_update, no_update, review_problem(str(error))
    saved = html.P("Saved.", className="note", role="status")
    return lesion_head(lesion, patient), lesion.revision, saved


@callback(
    Output("lesion-head", "children", allow_duplicate=True),
    Output("lesion-seen", "data", allow_duplicate=True),
    Output("lesion-sections", "children"),
    Output("lesion-merging", "children"),
    Output("lesion-merge-problem", "children"),
    Input("lesion-merge", "n_clicks"),
    Input("lesion-part", "n_clicks"),
    Input("lesion-split", "n_clicks"),
    State("lesion-id", "data"),
    State("lesion-into", "value"),
    State("lesion-photographs", "value"),
    State("lesion-other", "value"),
    prevent_initial_call=True,
)
def merge_or_split_lesion(
    merging: int | None,
    parting: int | None,
    splitting: int | None,
    lesion_id: str,
    into: str | None,
    chosen: list[str] | None,
    name: str | None,
) -> tuple[Any, ...]:
    """Have the lesion be another, or one again, or some of its photographs be of another."""
    if not (merging or parting or splitting):
        return (no_update,) * 5
    actor, services = current_actor(), Services.current()
    try:
        if ctx.triggered_id == "lesion-split":
            said = split_lesion(actor, services, lesion_id, chosen or (), name)
        elif ctx.triggered_id == "lesion-part":
            undo_lesion_merge(actor, services, lesion_id)
            said = done_note("The merge is undone.")
        elif into in (None, NOTHING):
            raise InputError("Say which lesion it is.")
        else:
            merge_lesion(actor, services, lesion_id, into or "")
            said = done_note("Merged.")
        people = Patients(services.store)
        lesion = people.lesion(lesion_id)
        patient = people.get(lesion.patient_id)
    except (Conflict, InputError, NotFound, StoreError) as error:
        return (*(no_update,) * 4, review_problem(str(error)))
    story = lesion_story(services, lesion)
    form = [*merge_form_of_story(services, story), said]
    return lesion_head(lesion, patient), lesion.revision, lesion_sections(story), form, no_update


@callback(
    Output("lesion-owner-offers", "children"), Input("lesion-owner", "value"), prevent_initial_call=True
)
def offer_owners(start: str | None) -> list[html.Option]:
    """Patients to move it to, found while the identifier is typed."""
    return offered_patients(Services.current(), start)


@callback(
    Output("lesion-head", "children", allow_duplicate=True),
    Output("lesion-seen", "data", allow_duplicate=True),
    Output("lesion-merging", "children", allow_duplicate=True),
    Output("lesion-back", "children"),
    Output("lesion-moving", "children"),
    Output("lesion-move-problem", "children"),
    Input("lesion-move", "n_clicks"),
    Input("lesion-move-back", "n_clicks"),
    State("lesion-id", "data"),
    State("lesion-seen", "data"),
    State("lesion-owner", "value"),
    State("lesion-name-there", "value"),
    prevent_initial_call=True,
)
def move_lesion_and_back(
    moving: int | None, returning: int | None, lesion_id: str, seen: int, owner: str | None, name: str | None
) -> tuple[Any, ...]:
    """Have the lesion be another patient's, or the one's again from whom it was moved."""
    if not (moving or returning):
        return (no_update,) * 6
    actor, services = current_actor(), Services.current()
    try:
        if ctx.triggered_id == "lesion-move-back":
            said = move_lesion_back(actor, services, lesion_id, seen)
        else:
            said = move_lesion(actor, services, lesion_id, owner, name, seen)
        lesion = Patients(services.store).lesion(lesion_id)
        patient = Patients(services.store).get(lesion.patient_id)
    except (Conflict, InputError, NotFound, StoreError) as error:
        return (*(no_update,) * 5, review_problem(str(error)))
    merging = merge_form_of_story(services, lesion_story(services, lesion))
    form = [*move_form_of_lesion(services, lesion), done_note(said)]
    return lesion_head(lesion, patient), lesion.revision, merging, way_back(patient), form, no_update
