"""Sentences and numbers that several pages show, so that they read the same everywhere."""

DISCLAIMER = (
    "Dermaboard supports, and never replaces, a clinician's diagnosis. A benign result does not rule out cancer: "
    "have any lesion that changes, bleeds or worries you examined."
)


def percent(probability: float) -> str:
    """A probability (0 to 1) in per cent; small ones keep a digit, none is rounded to certainty."""
    if probability < 0.001:
        return "< 0.1 %"
    if probability > 0.999:
        return "> 99.9 %"
    value = probability * 100
    return f"{value:.1f} %" if value < 10 or value > 99 else f"{value:.0f} %"
