"""Cases whose label is probably wrong, by confident learning.

Northcutt, Jiang & Chuang (2021), "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal of
Artificial Intelligence Research 70:1373-1411, doi:10.1613/jair.1.12125: the off-diagonals of the confident joint,
ranked by self-confidence, from the probabilities of a network that never saw the cases.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def likely_label_errors(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.intp]:
    """Places (m,) of cases whose label is probably another one, the least likely label first.

    A case is confidently of a class when its probability reaches the mean that the class's own cases have. A case whose
    likeliest such class is not its label is off the diagonal of the confident joint, and is listed.

    Args:
        labels: (n,), class indices; -1 for none of the classes, which is never listed.
        probabilities: (n, k), of each class; NaN where a case has none.
    """
    given, p = np.asarray(labels, np.int64), np.asarray(probabilities, np.float64)
    usable = np.flatnonzero((given >= 0) & ~np.isnan(p).any(axis=1))
    given, p = given[usable], p[usable]
    classes = p.shape[1]
    counts = np.bincount(given, minlength=classes)
    # Of a class without cases nothing is confident.
    threshold = np.full(classes, np.inf)
    own = p[np.arange(given.size), given]
    present = counts > 0
    threshold[present] = np.bincount(given, own, classes)[present] / counts[present]
    confident = np.where(p >= threshold, p, -1.0)
    suggested = np.where(confident.max(axis=1) >= 0, confident.argmax(axis=1), -1) if given.size else given
    wrong = (suggested >= 0) & (suggested != given)
    places = np.flatnonzero(wrong)
    return usable[places[np.argsort(own[places], kind="stable")]]
