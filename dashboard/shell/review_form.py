"""Reviews of a prediction: the form for a new one, saving it, the reviews that there are, and the audit trail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.cases import change_cases, current_actor
from dashboard.services import Services
from dashboard.shell.attributes import attributes
from dashboard.shell.text import diagnosis_words
from dashboard.store import Conflict, Finding, InputError, NotFound, StoreError
from dashboard.store.fields import CONTEXT
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import AuditLine, Review

# A select shows an empty value as nothing at all.
NOTHING = "none"
SOURCE_WORDS: dict[str, str] = {
    "histology": "Histology",
    "follow-up": "Follow-up",
    "expert": "Expert's opinion",
    "withdrawn": "Take back what was confirmed",
}
ACTION_WORDS: dict[str, str] = {
    "predicted": "Predicted",
    "described": "Context changed",
    "reviewed": "Reviewed",
    "withdrawn": "Confirmation taken back",
    "judged": "Judged",
    "held": "Legal hold set",
    "released": "Legal hold released",
    "binned": "Deleted: put into the bin",
    "put back": "Put back from the bin",
    "deleted": "Deleted for good",
    "imported": "Imported",
}
FIELD_WORDS: dict[str, str] = {
    "confirmed": "confirmed diagnosis",
    "confirmed_by": "source",
    "review": "review",
    "judgement": "judgement",
    "likeliest": "likeliest diagnosis",
    "tags": "tags",
    **{form_field.name: form_field.label.lower() for form_field in CONTEXT},
}


def review_form(tags: Sequence[str], taxonomy: Taxonomy, several: bool = False) -> html.Div:
    """The form. Ids are the same wherever it stands, as is the callback that saves it.

    Args:
        tags: what may be taken off.
        taxonomy: what can be confirmed.
        several: whether it is for a selection.
    """
    return html.Div(
        [
            *confirmation_fields(taxonomy),
            form_field(
                "Note",
                dbc.Textarea(id="review-note", rows=3, maxlength=4000, value=""),
                "review-note",
                wide=True,
            ),
            form_field(
                "Add tags",
                dcc.Input(
                    id="review-add",
                    type="text",
                    value="",
                    placeholder="follow-up, teaching, …",
                    maxLength=500,
                    className="review-text",
                ),
                "review-add",
            ),
            tags_to_remove(tags),
            form_field(
                "Your name",
                dcc.Input(
                    id="reviewer",
                    type="text",
                    value="",
                    maxLength=128,
                    className="review-text",
                    persistence=True,
                    persistence_type="local",
                ),
                "reviewer",
            ),
            html.Div(
                html.Button(
                    "Save for all selected" if several else "Save review",
                    id="review-save",
                    type="button",
                    className="btn btn-primary",
                ),
                className="review-end",
            ),
            html.Div(id="review-problem", className="review-wide", role="alert"),
            dcc.Store(id="review-done"),
        ],
        className="review-form",
    )


def confirmation_fields(taxonomy: Taxonomy) -> list[html.Div]:
    """Which diagnosis is confirmed, and how."""
    diagnoses = [{"label": diagnosis.name, "value": diagnosis.code} for diagnosis in taxonomy]
    sources = [{"label": word, "value": name} for name, word in SOURCE_WORDS.items()]
    return [
        form_field(
            title,
            dbc.Select(id=name, options=[{"label": none, "value": NOTHING}, *options], value=NOTHING),
            name,
        )
        for title, name, none, options in (
            ("Confirmed diagnosis", "review-diagnosis", "Not confirmed", diagnoses),
            ("Confirmed by", "review-source", "–", sources),
        )
    ]


def tags_to_remove(tags: Sequence[str]) -> html.Div:
    """The tags that there are; those that are ticked are removed."""
    return html.Div(
        [
            html.Span("Take off tags", className="label"),
            dbc.Checklist(id="review-remove", options=list(tags), value=[], inline=True),
        ],
        className="review-field review-tags",
        role="group",
        **attributes(aria_label="Take off tags"),
    )


def form_field(label: str, control: Component, control_id: str, wide: bool = False) -> html.Div:
    """A control below its name."""
    return html.Div(
        [html.Label(label, htmlFor=control_id, className="label"), control],
        className="review-field review-wide" if wide else "review-field",
    )


def review_problem(sentence: str, lines: Sequence[html.Li] = ()) -> list[Component]:
    """Why a review was not saved; with what somebody else changed meanwhile."""
    return [html.P(sentence, className="history-error"), *([html.Ul(list(lines))] if lines else [])]


def review_list(reviews: Sequence["Review"], taxonomy: Taxonomy) -> Component:
    """The reviews, newest first."""
    return html.Ol([html.Li(one_review(one, taxonomy)) for one in reviews], className="reviews")


def one_review(review: "Review", taxonomy: Taxonomy) -> list[Component]:
    """Who said what, when."""
    said: list[Component | str] = [html.Strong(review.reviewer), " · ", local_time(review.created)]
    verdict: list[Component] = []
    if review.diagnosis:
        diagnosis = taxonomy.get(review.diagnosis)
        kind = f" ({'malignant' if diagnosis.malignant else 'benign'})" if diagnosis else ""
        verdict = [
            html.P(
                [
                    html.Strong(diagnosis_words(review.diagnosis, taxonomy)),
                    html.Span(f"{kind}, {SOURCE_WORDS.get(review.source or '', '').lower()}"),
                ]
            )
        ]
    elif review.source == "withdrawn":
        verdict = [html.P("Took back what was confirmed.")]
    note = [html.P(review.note, className="review-note")] if review.note else []
    return [html.P(said, className="note"), *verdict, *note]


def audit_list(lines: Sequence["AuditLine"], taxonomy: Taxonomy) -> html.Details:
    """What was done, oldest first."""
    return html.Details(
        [
            html.Summary(f"Audit trail · {len(lines)} {'entry' if len(lines) == 1 else 'entries'}"),
            html.Ol(audit_lines(lines, taxonomy), className="audit note"),
        ]
    )


def audit_lines(lines: Sequence["AuditLine"], taxonomy: Taxonomy) -> list[html.Li]:
    """Things that were done, each an item of a list."""
    return [html.Li(audit_line(line, taxonomy)) for line in lines]


def audit_line(line: "AuditLine", taxonomy: Taxonomy) -> list[Component | str]:
    """One thing that was done, by whom, and what it changed."""
    changed = [
        change_words(name, pair, taxonomy) for name, pair in line.detail.items() if isinstance(pair, list)
    ]
    text = f"{ACTION_WORDS.get(line.action, line.action)}{f' by {line.who}' if line.who else ''}"
    return [local_time(line.created), f" · {text}", f": {'; '.join(changed)}" if changed else ""]


def change_words(name: str, pair: Sequence[Any], taxonomy: Taxonomy) -> str:
    """What a field was and is."""
    before, after = (audit_value_words(name, value, taxonomy) for value in pair)
    return f"{FIELD_WORDS.get(name, name)} {f'{before} → {after}' if before else after}"


def audit_value_words(name: str, value: Any, taxonomy: Taxonomy) -> str:
    """A value of the trail in words."""
    if value is None or value == [] or value == "":
        return "none" if name != "note" else ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name in ("confirmed", "likeliest"):
        return diagnosis_words(value, taxonomy)
    return f"“{value}”" if name == "note" else str(value)


def local_time(when: datetime) -> html.Time:
    """A time in UTC, which history.js turns into the user's own."""
    utc = f"{when:%d %b %Y, %H:%M} UTC"
    return html.Time(utc, dateTime=when.isoformat(), title=utc, className="local-time")


def confirmed_words(code: str | None, source: str | None, taxonomy: Taxonomy) -> str:
    """What was confirmed, in words; "" for nothing."""
    return f"{diagnosis_words(code, taxonomy)} ({SOURCE_WORDS.get(source or '', '').lower()})" if code else ""


def register_review() -> None:
    """Add the callback. Dash runs pages anew for every application, and this module only once: one page calls it."""
    callback(
        Output("review-done", "data"),
        Output("review-problem", "children"),
        Input("review-save", "n_clicks"),
        State("review-ids", "data"),
        State("review-diagnosis", "value"),
        State("review-source", "value"),
        State("review-note", "value"),
        State("review-add", "value"),
        State("review-remove", "value"),
        State("reviewer", "value"),
        prevent_initial_call=True,
    )(save_review)


def save_review(
    clicks: int | None,
    seen: Mapping[str, int] | None,
    diagnosis: str | None,
    source: str | None,
    note: str | None,
    add: str | None,
    remove: list[str] | None,
    reviewer: str | None,
) -> tuple[Any, Any]:
    """Append the review to every prediction that is meant, or say why to none.

    Args:
        seen: prediction id -> the revision that the user has seen.
    """
    if not clicks:
        return no_update, no_update
    diagnosis, source = (None if one == NOTHING else one or None for one in (diagnosis, source))
    if not seen:
        return no_update, review_problem("Nothing is selected. Close this and select the predictions again.")
    try:
        if not (diagnosis or source or (note or "").strip() or (add or "").strip() or remove):
            raise InputError(
                "There is nothing to save yet: choose a diagnosis, write a note or change the tags."
            )
        finding = Finding(diagnosis, source, note or "", (add or "").split(","), remove or [])
        done = change_cases(current_actor(reviewer), Services.current(), seen, {}, finding)
    except Conflict as error:
        lines = audit_lines(error.changes, Services.current().known.every)
        return {"conflict": clicks}, review_problem(str(error), lines)
    except NotFound:
        return no_update, review_problem(
            "This prediction was deleted meanwhile, perhaps in another tab. Nothing was saved."
        )
    except (InputError, StoreError) as error:
        return no_update, review_problem(str(error))
    return {"saved": [record.id for record in done], "of": len(seen)}, ""
