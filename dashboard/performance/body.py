"""Everything below the choice. What takes long comes as an empty room that a callback fills."""

from collections.abc import Collection, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.performance import cases, decisions, live, numbers, parts, robustness, tiles
from dashboard.performance.live import Run
from dashboard.performance.panels import framed, later, room, skeleton, two_columns
from dashboard.performance.view import View, drawn, search, usual
from model.evaluation import metrics
from model.evaluation.figures import benefit, calibration, curves, forest
from model.evaluation.review import STEP, Review, facts
from model.evaluation.words import rate

# Pixels of what comes later, so that nothing moves when it does.
CARD = 480
# Rows of the forest plot are not known before the subgroups are, but how many parts there are is.
FOREST = ("age", "source", "sex", "site", "skin tone", "confirmation")


def body(
    view: View,
    shown: Review,
    runs: Sequence[Run],
    folder: bool,
    known: Collection[str] | None,
) -> list[Component]:
    """The page of a view.

    Args:
        runs, folder: the training runs, and whether a folder of them is set.
        known: ids whose image can be shown, None where no folder is set.
    """
    at = shown.confusion(view.position)
    found = [
        about(view, shown),
        tiles.tiles(shown, at),
        dcc.Store(id="performance-view", data=search(view)),
        dcc.Store(id="performance-turns"),
        dcc.Store(
            id="performance-sweep",
            data=sweep(shown, numbers.prevalence(None, at)) | {"runs": usual(runs)},
        ),
        tiles.intervals_note(shown),
        versus(view),
        two_columns(panels(view, shown)),
        by_subgroup(view),
        cases.panel(search(view), known is not None),
        live.runs_panel(runs, drawn(view, runs), folder),
        robustness.panel(view.model.card.robustness),
        framed("Model card", later("card", CARD)),
    ]
    return [one for one in found if one is not None]


def sweep(shown: Review, percent: float) -> dict[str, Any]:
    """What the browser needs to follow the slider by itself: at each position the counts, and what is read there.

    Args:
        percent: the prevalence of the cases, at which `numbers` are; `odds` are for any other.
    """
    at = [one for _, one in shown.sweep]
    return {
        "step": STEP,
        "own": shown.threshold,
        "prevalence": percent,
        "thresholds": [threshold for threshold, _ in shown.sweep],
        "tp": [one.tp for one in at],
        "fp": [one.fp for one in at],
        "malignant": shown.counts.malignant,
        "benign": shown.counts.benign,
        "unscored": shown.counts.unscored,
        "tiles": [[words for told in tiles.readings(one).values() for words in told] for one in at],
        "numbers": [
            [words for told in numbers.readings(one, percent).values() for words in told] for one in at
        ],
        "odds": [numbers.odds(one) for one in at],
    }


def about(view: View, shown: Review) -> Component:
    """Which model on how many cases."""
    told = [facts(view.model.card.training), f"{shown.truth.size:,} images of {shown.lesions:,} lesions"]
    if view.where:
        told.append(f"only {view.filtered}")
    tag = html.Span("Trained on drawn lesions", className="tag") if view.model.card.synthetic else None
    return html.P([" · ".join(filter(None, told)), " ", tag], className="note performance-about")


def versus(view: View) -> Component:
    """The room for the comparison of several models; it is there, unseen, where one stands alone."""
    found = html.Div(skeleton() if view.others else None, id="performance-versus")
    return framed("Models compared", found, parts.COMPARISON_NOTE, table="models") if view.others else found


def panels(view: View, shown: Review) -> list[Component]:
    """The framed figures, most telling first."""
    at = shown.confusion(view.position)
    model = view.model.card
    found = [
        framed(
            "Decisions at a threshold",
            decisions.decisions(model, at, view.position),
            f"Model's own: set on validation for {rate(model.target_sensitivity)} sensitivity.",
            table="decisions",
        ),
        framed(
            "Numbers at the threshold",
            numbers.numbers(at, numbers.prevalence(view.prevalence, at)),
            numbers.NOTE,
            table="numbers",
        ),
        framed("ROC", room("roc", curves.HEIGHT, area_words(shown)), figure="roc"),
        framed("Precision and recall", room("pr", curves.HEIGHT, "Precision-recall curve"), figure="pr"),
    ]
    if shown.matrix is not None:
        score = metrics.class_balanced_accuracy(shown.matrix)
        found.append(
            framed(
                "Diagnoses",
                parts.diagnoses_room(model.taxonomy),
                f"Rows: the truth. Columns: the model's choice. Balanced accuracy {rate(score)}.",
                figure="diagnoses",
                table="diagnoses",
            )
        )
    found += [
        framed("Scores by class", room("scores", curves.HEIGHT, "Probabilities by class"), figure="scores"),
        framed(
            "Calibration",
            room("calibration", calibration.HEIGHT, "Observed against predicted share"),
            figure="calibration",
            table="calibration",
        ),
        framed(
            "Decision curve",
            room("benefit", benefit.HEIGHT, "Net benefit against treating all or none"),
            "Cancers found, less false alarms weighed by the odds of the threshold.",
            figure="benefit",
        ),
    ]
    return found


def area_words(shown: Review) -> str:
    """The ROC curve in words."""
    problem = shown.counts.problem
    return f"ROC curve. {problem.sentence}" if problem else f"ROC curve, area {shown.auc:.3f}"


def by_subgroup(view: View) -> Component:
    """Forest plot and the room for its table."""
    rows = sum(len(found) for name, found in view.parts.items() if name in FOREST)
    plot = room(
        "forest",
        forest.FRAME + forest.ROW * max(4, rows),
        "AUC, sensitivity and specificity by subgroup; the table has them",
    )
    more = html.Details(
        [html.Summary("As a table"), html.Div(skeleton(), id="performance-subgroups")],
        className="as-table",
        id="performance-subgroups-table",
    )
    return framed(
        "Subgroups", html.Div([plot, more]), parts.SUBGROUPS_NOTE, figure="forest", table="subgroups"
    )
