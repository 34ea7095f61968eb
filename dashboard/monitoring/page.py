"""`/monitoring`: how the model does here. The address holds the choice: `?days=&model=` (SHA-256 of a card)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import dash
from dash import Input, Output, callback, dcc, html
from dash.development.base_component import Component

from dashboard.monitoring import parts
from dashboard.monitoring.judged import NOTE, judged_table
from dashboard.services import Services
from dashboard.shell.boxes import box
from dashboard.shell.browse import Browse
from dashboard.shell.export_files import export_links
from dashboard.store import summary
from dashboard.store.summary import Version
from dashboard.users.roles import Permission
from dashboard.users.visitors import may
from model.bundle import Bundle
from model.evaluation import drift
from model.evaluation.figures import monitoring as figures
from model.evaluation.intervals import Interval
from model.evaluation.metrics import Confusion
from model.evaluation.review import intact_bundles
from model.evaluation.verification import Live, evaluated_rates
from model.modality import Modality
from model.outcome import Outcome
from model.taxonomy import Taxonomy

dash.register_page(__name__, path="/monitoring", title="Monitoring · Dermaboard", name="Monitoring")  # type: ignore[no-untyped-call]

USUAL = "90"
FEW_CONFIRMED = 30
ONCE = (
    "Each photograph counts once, with the first prediction that this version of the model made of it. Repeats and "
    "drawn examples do not count."
)

WITHOUT_NAMES = (
    "The predictions of the model in the time chosen above, without names, notes and tags. A lesion's reference is "
    "replaced by a number that is of no use elsewhere."
)

# A way of counting, sensitivity, specificity, and what was counted.
Rate = tuple[str, Interval, Interval, str]


def layout(days: str | None = None, model: str | None = None, **_: Any) -> html.Div:
    """The page of a choice; what the address does not say, or says wrongly, takes the default."""
    found = [one for one in summary.model_versions(Services.current().store) if one.photographs]
    period = days if days in dict(parts.PERIODS) else USUAL
    chosen = next((one for one in found if one.sha256 == model), found[0] if found else None)
    options = [(one.sha256, f"{one.model} {one.version} · {one.photographs:,}") for one in found]
    return html.Div(
        [
            html.H1("Monitoring"),
            html.P("How the model does here, compared with what its card promises.", className="lead"),
            None if found else parts.nothing_monitored(),
            html.Div(
                [
                    parts.monitoring_choices(period, options, chosen.sha256 if chosen else ""),
                    html.Div(id="monitoring-body", className="case"),
                ],
                hidden=not found,
            ),
            dcc.Location(id="monitoring-address", refresh=False),
        ],
        className="monitoring",
    )


@callback(
    Output("monitoring-body", "children"),
    Output("monitoring-address", "search"),
    Input("monitoring-period", "value"),
    Input("monitoring-model", "value"),
    Input("theme", "data"),
)
def show_monitoring(
    period: str | None, sha256: str | None, theme: str | None
) -> tuple[Sequence[Component], str]:
    """Everything about one version of a model in one period."""
    store = Services.current().store
    version = next((one for one in summary.model_versions(store) if one.sha256 == sha256), None)
    if version is None:
        return [], ""
    days = period if period in dict(parts.PERIODS) else USUAL
    since = None if days == "all" else datetime.now(UTC) - timedelta(days=int(days))
    search = "?" + urlencode({"days": days, "model": version.sha256})
    return monitoring_body(version, since, theme), search


def monitoring_body(version: Version, since: datetime | None, theme: str | None) -> list[Component]:
    """The page's parts."""
    store = Services.current().store
    bundle = bundle_of(version)
    newest = summary.newest_photographs(store, since, version)
    outcomes = summary.count_outcomes(store, since, version)
    taxonomy = store.known.of(version.sha256)
    return [
        parts.monitoring_tiles(outcomes.by_outcome(), sum(outcomes.confirmed.values())),
        html.P(ONCE, className="note"),
        box(
            "Photographs a day",
            parts.figure(
                "monitoring-days",
                figures.daily_figure(summary.photographs_by_day(store, since, version), theme),
                "Photographs a day by outcome",
            ),
            note="Days in UTC.",
        ),
        box("Scores", *score_panel(newest, bundle, theme)),
        box("Cautions", parts.cautions(newest.cautions, newest.texts, len(newest.scores))),
        box("Confirmed diagnoses", *confirmed_diagnoses(outcomes, bundle, taxonomy)),
        box("Judged first", *judged_table(summary.count_judged(store, since, version)), note=NOTE),
        *export_part(version, since),
    ]


def export_part(version: Version, since: datetime | None) -> list[Component]:
    """Files of these predictions for those who see no single case; others take them from the history."""
    if may(Permission.SEE) or not may(Permission.EXPORT):
        return []
    view = Browse(choices={"model": (version.model,)}, first=since.date() if since else None)
    return [box("Export", export_links(view.search()), name="monitoring-export", note=WITHOUT_NAMES)]


def bundle_of(version: Version) -> Bundle | None:
    """The bundle that made these predictions, if it is still installed and intact."""
    found = intact_bundles(Services.current().bundles)
    return next((one for one in found if one.card.sha256 == version.sha256), None)


def score_panel(newest: summary.Sample, bundle: Bundle | None, theme: str | None) -> list[Component]:
    """The scores here beside those of the validation images."""
    expected = stored_probabilities(bundle, "validation")
    missing = ""
    if bundle is None:
        missing = (
            "This version of the model is not installed any more, or it is damaged: there are no validation scores to "
            "compare with."
        )
    elif not len(expected):
        missing = "The model's bundle has no validation scores to compare with."
    drawn = figures.score_shift_figure(expected, newest.scores, newest.threshold, theme)
    more = (
        [html.P(f"The newest {summary.SAMPLE:,} photographs are compared.", className="note")]
        if len(newest.scores) == summary.SAMPLE
        else []
    )
    return [
        *parts.drift(
            drift.stability(expected, newest.scores),
            drift.kolmogorov_smirnov(expected, newest.scores),
            missing,
        ),
        parts.figure("monitoring-scores", drawn, "Distribution of scores here and in validation"),
        *more,
    ]


def stored_probabilities(bundle: Bundle | None, split: str) -> Any:
    """The stored scores of a split, (n,); empty without any."""
    from model.evaluation.rows import evaluated_rows

    return [] if bundle is None else evaluated_rows(bundle, split, ())["probability"].to_numpy()


def confirmed_diagnoses(
    outcomes: summary.Outcomes, bundle: Bundle | None, taxonomy: Taxonomy
) -> list[Component]:
    """How decisions turned out, beside what the card promises."""
    lives = {close_up: outcomes.live(close_up, taxonomy) for close_up in (False, True)}
    verified = [live.verified for live in lives.values() if live.verified.n]
    if not verified:
        return [
            html.P(
                "No diagnosis is confirmed yet. Record on a case's page what histology, follow-up or an expert said, "
                "and sensitivity and specificity stand here.",
                className="note",
            )
        ]
    few = any(min(counts.tp + counts.fn, counts.tn + counts.fp) < FEW_CONFIRMED for counts in verified)
    warning = (
        [
            html.P(
                f"Few cases: with fewer than {FEW_CONFIRMED} malignant or benign ones, the intervals say more than the "
                "values.",
                className="note",
            )
        ]
        if few
        else []
    )
    rows = [row for close_up, live in lives.items() for row in rate_rows(live, bundle, close_up)]
    return [
        parts.confirmed_table(outcomes.confirmed_by_outcome(), taxonomy),
        *warning,
        parts.rates_table(rows),
        caveat(outcomes.by_outcome().get(Outcome.NO_RESULT, 0)),
    ]


def rate_rows(live: Live, bundle: Bundle | None, close_up: bool) -> list[Rate]:
    """Sensitivity and specificity of dermoscopic photographs or of close-ups, a row a way of counting."""
    counts, kind = live.verified, ", close-ups" if close_up else ""
    if not counts.n:
        return []
    rows = [
        (f"Confirmed here{kind}", counts.sensitivity, counts.specificity, sides(counts)),
        (
            f"Corrected for who is checked{kind}",
            live.sensitivity,
            live.specificity,
            "Begg and Greenes: lesions that look malignant are confirmed more often",
        ),
    ]
    promise = promised(bundle, close_up)
    if promise is not None:
        rows.append(
            (f"The model's test images{kind}", promise.sensitivity, promise.specificity, sides(promise))
        )
    return rows


def sides(counts: Confusion) -> str:
    """How many images there are of either truth."""
    return f"{counts.tp + counts.fn:,} malignant, {counts.tn + counts.fp:,} benign images"


def promised(bundle: Bundle | None, close_up: bool) -> Confusion | None:
    """What the model did on its test images of one modality at its usual operating point."""
    from model.evaluation.rows import evaluated_rows
    from model.evaluation.stored import stored_scores

    if bundle is None:
        return None
    # The page of the performance has read those of dermoscopic images already.
    table = stored_scores(bundle, Modality.CLOSE_UP) if close_up else evaluated_rows(bundle, "test", ())
    table = table[table["split"] == "test"] if len(table) else table
    return evaluated_rates(table, bundle.card.point(), close_up) if len(table) else None


def caveat(no_result: int) -> Component:
    """How to read the rates.

    Args:
        no_result: photographs without a result.
    """
    without = (
        f"{no_result:,} {'photographs have' if no_result > 1 else 'photograph has'} no result and counts as in the "
        "model's evaluation: as not called benign, and a close-up as neither found nor left alone."
    )
    return html.Div(
        [
            html.P(
                "A malignant lesion counts as found when its photograph is not called benign, and a benign one as left "
                "alone when it is. A close-up is never called benign: it takes “malignant” and “uncertain”.",
                className="note",
            ),
            html.P(without if no_result else "Every photograph has a result.", className="note"),
        ]
    )
