"""The parts of a patient's page: who it is, what is due, lesions, visits; and the form that corrects a record."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.patient.visits import Due, LesionStory, Visit
from dashboard.shell.boxes import box
from dashboard.shell.pictures import prediction_url
from dashboard.shell.review_form import NOTHING, form_field
from dashboard.shell.text import WITHOUT_CHANCE, day_words, percent, taken_words
from dashboard.shell.verdict import verdict_and_chance
from dashboard.store import Record
from dashboard.store.fields import PATIENT, ContextField, PatientDetails
from dashboard.store.placing import Lesion, Patient

UNASSIGNED = "Not assigned to a lesion"
NOT_NAMED = "Patient not named"


def patient_name(patient: Patient) -> str:
    """How a patient is called."""
    return patient.details.identifier or NOT_NAMED


def lesion_name(lesion: Lesion) -> str:
    """How a lesion is called."""
    return f"Lesion {lesion.details.name}" if lesion.details.name else UNASSIGNED


def site_words(lesion: Lesion) -> str:
    """Where a lesion is; empty where nobody has said it."""
    details = lesion.details
    return ", ".join(filter(None, (details.site, details.laterality)))


def patient_facts(patient: Patient, today: date) -> str:
    """What is known of a patient, in one line."""
    details = patient.details
    age = "" if details.birth_year is None else f"{today.year - details.birth_year - 1} to "
    age += "" if details.birth_year is None else f"{today.year - details.birth_year} years"
    parts = (
        f"born {details.birth_year} ({age})" if details.birth_year else "",
        details.sex or "",
        f"skin phototype {details.phototype}" if details.phototype else "",
        details.risk_factors or "",
    )
    return " · ".join(filter(None, parts))


def consent_words(details: PatientDetails, trained: Sequence[str]) -> str:
    """What a patient consents to and since when, and which models learned from the photographs."""
    given = [
        f"{field.label.removeprefix('Consent to ')} since {day_words(date.fromisoformat(day[:10]))}"
        for field in PATIENT
        if field.name.startswith("consent_") and (day := getattr(details, field.name))
    ]
    said = f"Consents to {', '.join(given)}." if given else "No consent is recorded."
    if not trained:
        return said
    names = f"Models that learned from photographs of this patient: {', '.join(trained)}."
    if details.consent_training:
        return f"{said} {names}"
    return (
        f"{said} {names} They were trained before the consent was withdrawn, and keep what they have learned."
    )


def due_list(due: Sequence[Due]) -> html.Section:
    """What is due, the latest first."""
    if not due:
        return box("What is due", html.P("Nothing is due.", className="note"))
    return box("What is due", html.Ul([due_item(one) for one in due], className="due-list"))


def due_item(due: Due) -> html.Li:
    """One thing that is due, with the way to its case."""
    lesion = f"lesion {due.record.context.lesion}" if due.record.context.lesion else due.record.filename
    words, verb = {
        "histology": (f"Histology of {lesion}", "Enter"),
        "follow-up": (f"Follow-up of {lesion}", "Open"),
        "retake": (f"Retake {lesion}", "Open"),
    }[due.what]
    return html.Li(
        [
            html.Div([html.Strong(words), html.P(due_words(due), className="note")]),
            dcc.Link(
                [verb, html.Span(f": {words}", className="visually-hidden")],
                href=local_address(f"/history/{due.record.id}"),
                className="btn btn-outline-secondary btn-sm",
            ),
        ]
    )


def due_words(due: Due) -> str:
    """By when something is due."""
    if due.day is None:
        return f"No result since {taken_words(due.record)}" if due.record.day else "No result, date missing"
    late = f": {due.late} {'day' if due.late == 1 else 'days'} late" if due.late > 0 else ""
    return f"{'Expected by' if due.what == 'histology' else 'Due'} {day_words(due.day)}{late}"


def lesion_list(stories: Sequence[LesionStory]) -> html.Section:
    """The lesions, the worst first."""
    if not stories:
        sentence = (
            "There are no photographs yet. Send one with this patient's identifier, and its lesion is here."
        )
        return box("Lesions", html.P(sentence, className="note"))
    items = [lesion_item(story) for story in stories]
    return box("Lesions", html.Ul(items, className="lesion-list"), note=f"{len(stories)}, the worst first")


def lesion_item(story: LesionStory) -> html.Li:
    """A lesion with its last visit."""
    latest = story.latest
    head = html.Div(
        [
            dcc.Link(
                html.Bdi(lesion_name(story.lesion)),
                href=local_address(f"/lesions/{story.lesion.id}"),
                className="lesion-link",
            ),
            html.Span(site_words(story.lesion), className="note"),
            html.Div(verdict_and_chance(latest)) if latest else None,
            html.Span(story_words(story), className="note"),
        ]
    )
    return html.Li([picture_of(latest) if latest else html.Span(className="visit-thumb"), head])


def story_words(story: LesionStory) -> str:
    """The last visit of a lesion, and what has changed until then."""
    if story.latest is None:
        return "No photographs"
    number, undated = len(story.days), len(story.records) - len(story.dated)
    visits = f"{taken_words(story.latest)}, {ordinal(number)} visit" if number else "Date missing"
    missing = f" · {undated} without a date" if undated and number else ""
    return f"{visits}{missing}{chance_change_words(story)}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def chance_change_words(story: LesionStory) -> str:
    """How the chance has changed, where one model version has looked at the first and the last visit."""
    latest = story.latest
    if latest is None or latest.outcome in WITHOUT_CHANCE:
        return ""
    same = [one for one in story.dated if one.outcome not in WITHOUT_CHANCE and same_model(one, latest)]
    if len({one.day for one in same}) < 2:
        return ""
    first, now = percent(same[0].probability), percent(latest.probability)
    if first == now:
        return f" · Chance {now} as at the first visit"
    return f" · Chance {'rose' if latest.probability > same[0].probability else 'fell'} from {first} to {now}"


def same_model(one: Record, other: Record) -> bool:
    """Whether one version of one model has made two predictions."""
    return one.model_sha256 == other.model_sha256


def picture_of(record: Record) -> html.Img:
    """A small photograph beside words that say what it is."""
    return html.Img(src=prediction_url(record.id, "thumbnail"), alt="", className="visit-thumb")


def film_strip(records: Sequence[Record]) -> Component:
    """The photographs in a row; each leads to its case."""
    if not records:
        return html.P("There are no photographs.", className="note")
    return html.Ol(
        [
            html.Li(
                dcc.Link(
                    [
                        html.Img(
                            src=prediction_url(record.id, "image"), alt=f"The photograph {record.filename}"
                        ),
                        html.Strong(taken_words(record)),
                        html.Span(verdict_and_chance(record)),
                        html.Span(f"{record.model} {record.model_version}", className="note"),
                    ],
                    href=local_address(f"/history/{record.id}"),
                    className="visit",
                )
            )
            for record in records
        ],
        className="visits",
        tabIndex=0,
    )


def visit_list(visits: Sequence[Visit]) -> html.Section:
    """The visits in time, the last one first."""
    if not visits:
        return box("Visits", html.P("There are no photographs yet.", className="note"))
    dated = [visit.day for visit in visits if visit.day is not None]
    since = f"{len(dated)} since {dated[-1]:%B %Y}, by" if dated else "By"
    return box(
        "Visits",
        html.Ol([visit_item(visit) for visit in visits], className="visit-days"),
        note=f"{since} the date the photographs were taken",
    )


def visit_item(visit: Visit) -> html.Li:
    """The photographs of one day."""
    if visit.day is None:
        head: list[Component] = [
            html.Strong("Date missing"),
            html.P("Say on the page of each case when it was taken.", className="note"),
        ]
    else:
        head = [html.Time(day_words(visit.day), dateTime=visit.day.isoformat())]
    return html.Li(
        [
            html.Div(head),
            html.Ul([visit_photograph(record) for record in visit.records], className="visit-photographs"),
        ]
    )


def visit_photograph(record: Record) -> html.Li:
    """One photograph of a visit."""
    name = f"Lesion {record.context.lesion}" if record.context.lesion else UNASSIGNED
    words = html.Span([html.Strong(html.Bdi(name)), html.Br(), html.Span(verdict_and_chance(record))])
    return html.Li(
        dcc.Link(
            [picture_of(record), words], href=local_address(f"/history/{record.id}"), className="visit-link"
        )
    )


def record_form(kind: str, parts: Sequence[ContextField], values: Any, button: str) -> html.Details:
    """A form that corrects a record, closed at first; the ids of its parts begin with `kind`."""
    return html.Details(
        [
            html.Summary(button, className="btn btn-outline-secondary"),
            html.Div(
                [
                    *(
                        form_field(
                            part.title,
                            record_control(f"{kind}-{part.name}", part, getattr(values, part.name)),
                            f"{kind}-{part.name}",
                            wide=part.lines,
                        )
                        for part in parts
                    ),
                    html.Div(
                        html.Button("Save", id=f"{kind}-save", type="button", className="btn btn-primary"),
                        className="review-end",
                    ),
                    html.Div(id=f"{kind}-problem", className="review-wide", role="alert"),
                ],
                className="review-form card-box",
            ),
        ],
        className="record-form",
        id=f"{kind}-form",
    )


def record_control(name: str, part: ContextField, value: Any) -> Component:
    """What a field is changed with."""
    if part.choices:
        options = [{"label": "–", "value": NOTHING}, *({"label": one, "value": one} for one in part.choices)]
        return dbc.Select(id=name, options=options, value=value or NOTHING)
    if part.lines:
        return dbc.Textarea(id=name, rows=2, maxlength=part.longest, value=value or "")
    if part.type is int:
        limits: dict[str, Any] = {"type": "number", "min": part.lowest, "max": part.highest, "step": 1}
        return dcc.Input(id=name, value=value, className="review-text", **limits)
    return dcc.Input(
        id=name,
        type="text",
        value=value or "",
        maxLength=part.longest,
        placeholder=part.placeholder,
        className="review-text",
    )


def form_values(parts: Sequence[ContextField], values: Sequence[Any]) -> dict[str, Any]:
    """The fields of a form as they are stored: nothing chosen is nothing."""
    pairs = zip(parts, values, strict=True)
    return {part.name: None if value in ("", NOTHING) else value for part, value in pairs}
