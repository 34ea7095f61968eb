"""Every figure of a model, in the order in which pages and reports show them."""

from model.evaluation.figures.benefit import DECISION_CURVE
from model.evaluation.figures.calibration import CALIBRATION
from model.evaluation.figures.confusion import DIAGNOSES
from model.evaluation.figures.curves import PRECISION_RECALL, ROC
from model.evaluation.figures.distribution import SCORES
from model.evaluation.figures.figure import Figure
from model.evaluation.figures.forest import SUBGROUPS
from model.evaluation.figures.map import MAP
from model.evaluation.figures.robustness import ROBUSTNESS
from model.evaluation.figures.training import TRAINING

FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        ROC,
        PRECISION_RECALL,
        DIAGNOSES,
        SCORES,
        CALIBRATION,
        DECISION_CURVE,
        SUBGROUPS,
        MAP,
        TRAINING,
        ROBUSTNESS,
    )
}
