"""The long tables of a card in Markdown: calibration, subgroups, robustness, warnings, cases, openings, files."""

from collections.abc import Mapping
from typing import Any

from model.bundle import Card
from model.evaluation.markdown import (
    NONE,
    code_span,
    interval_cell,
    markdown_table,
    number_cell,
    plain_percent,
    signed_cell,
    stated_interval,
)
from model.evaluation.words import rate


def judged_on(card: Card) -> str:
    """The split whose figures are shown: test where it was opened."""
    return next((split for split in ("test", "validation") if split in card.results), "")


def calibration_section(card: Card) -> str:
    """Reliability before and after."""
    of = card.results.get(judged_on(card), {})
    parts: list[str] = []
    if of.get("reliability"):
        text = (
            f"**Calibration.** {scales(card)} On "
            f"{judged_on(card)} the "
            f"expected calibration error is {number_cell(of.get('ece_before_calibration'))} before and "
            f"{number_cell(of.get('ece'))} after; the Brier score is {stated_interval(of, 'brier')}, and "
            f"{number_cell(of.get('brier_of_the_prevalence'))} for always saying the prevalence."
        )
        rows = [
            (
                f"{plain_percent(one['low'])} - {plain_percent(one['high'])}",
                str(one["images"]),
                rate(one["predicted"]),
                f"{rate(one['observed'])} ({rate(one['observed_low'])} - {rate(one['observed_high'])})",
            )
            for one in of["reliability"]
        ]
        parts += [text, markdown_table(("predicted", "images", "mean predicted", "observed (95 %)"), rows)]
    return "\n\n".join(parts)


def scales(card: Card) -> str:
    """How the probabilities of every modality are made, in a sentence each."""
    return " ".join(
        f"{modality.capitalize()}: temperature {found.temperature:.3f}"
        + (
            f", shift {found.shift:+.3f}, for a prevalence of {rate(found.prevalence)}"
            if found.prevalence
            else ""
        )
        + ", fitted on validation."
        for modality, found in card.calibrations.items()
    )


def subgroups_section(card: Card) -> str:
    """For whom it works how well."""
    if not card.subgroups:
        return ""
    rows = [
        (
            str(one["variable"]),
            f"{one['name']}{' *' if one['small'] else ''}",
            str(one["images"]),
            str(one["malignant"]),
            *(interval_cell(one[name]) for name in ("auc", "sensitivity", "specificity")),
        )
        for one in card.subgroups
    ]
    text = (
        f"**Subgroups** on {card.facts.get('measured_on', judged_on(card))}, at the default operating point. Groups "
        "with a star have too few cases, or too few malignant ones, to conclude anything; intervals are by "
        "lesion: DeLong's for the AUC and Wilson's for rates."
    )
    head = ("", "group", "images", "malignant", "AUC", "sensitivity", "specificity")
    return f"{text}\n\n{markdown_table(head, rows)}"


def robustness_section(card: Card) -> str:
    """What disturbed images do to the score."""
    if not card.robustness:
        return ""
    rows = [
        (
            str(one["kind"]),
            str(one["strength"]),
            str(one["images"]),
            stated_interval(one, "auc"),
            number_cell(one["auc_before"]),
            number_cell(one["mean_change"]),
            number_cell(one["p95_change"]),
            f"{signed_cell(one['mean_shift_malignant'])}, {signed_cell(one['mean_shift_benign'])}",
            rate(one["decisions_changed"]),
            str(one["benign_now"]),
        )
        for one in card.robustness
        if one["kind"] != "none"
    ]
    parts = [
        f"**Robustness** on {card.facts.get('measured_on', judged_on(card))}: images disturbed on purpose. Change is "
        "that of the calibrated probability of the same image, absolute; shift has a sign, first for malignant, then "
        "for benign images; decisions are those of the default operating point, and the last column counts cancers "
        "that became benign by the disturbance.",
        markdown_table(
            (
                "disturbance",
                "strength",
                "images",
                "AUC",
                "undisturbed",
                "mean change",
                "95th percentile",
                "mean shift",
                "decisions changed",
                "cancers lost",
            ),
            rows,
        ),
    ]
    return "\n\n".join(parts)


def guard_section(card: Card) -> str:
    """How often it warns or refuses."""
    measured = card.guard.get("measured")
    if not isinstance(measured, Mapping):
        return ""
    # `images` is how many were looked at; everything else is a share of them.
    kinds = sorted({name for found in measured.values() if is_figures(found) for name in found} - {"images"})
    rows = [
        (str(name), *(rate(found[kind]) if kind in found else NONE for kind in kinds))
        for name, found in measured.items()
        if is_figures(found)
    ]
    drawn = measured.get("drawn", {})
    rows += [
        (f"drawn: {name}", *(rate(found[kind]) if kind in found else NONE for kind in kinds))
        for name, found in drawn.items()
        if is_figures(found)
    ]
    text = "**Knowing when not to answer.** Share of images that are warned about, by reason:"
    return f"{text}\n\n{markdown_table(('images', *kinds), rows)}"


def is_figures(found: Any) -> bool:
    """Whether something is shares by name."""
    return isinstance(found, Mapping) and all(isinstance(one, int | float) for one in found.values())


def source_probe_section(card: Card) -> str:
    """How well the source can be told from what the network sees of nevi."""
    found = card.facts.get("source_probe")
    if not found:
        return ""
    rows = [
        (f"{one['first']} or {one['second']}", ", ".join(map(str, one["images"])), interval_cell(one["auc"]))
        for one in found
    ]
    text = (
        "**Shortcuts.** How well a linear model tells two sources apart by the network's embedding of dermoscopic nevi "
        "of the validation split, cross-validated by lesion. A network that sees nothing but lesions would give 0.5; "
        "where it is near 1, the network can use the source as a hint of the diagnosis."
    )
    return f"{text}\n\n{markdown_table(('sources', 'images of each', 'AUC'), rows)}"


def evidence_section(card: Card) -> str:
    """Whether the maps of the evidence are better than chance."""
    found = card.facts.get("evidence")
    if not found:
        return ""
    rows = [
        (
            str(modality),
            str(one["images"]),
            f"{number_cell(one['deletion'])} ({number_cell(one['deletion_random'])})",
            f"{number_cell(one['insertion'])} ({number_cell(one['insertion_random'])})",
            f"{signed_cell(one['difference'])} ({signed_cell(one['low'])} to {signed_cell(one['high'])})",
            "yes" if one["shown"] else "no",
        )
        for modality, one in found.items()
    ]
    text = (
        "**What the model looked at.** The heatmap against the same map with its places shuffled, on validation: "
        "mean probability of malignancy while the places of most evidence are painted over (deletion, lower is better) "
        "and brought back into a blurred image (insertion, higher is better). A heatmap that is no better than chance "
        "is not shown."
    )
    head = ("modality", "images", "deletion (at random)", "insertion (at random)", "better by", "shown")
    return f"{text}\n\n{markdown_table(head, rows)}"


def pair_worth(card: Card) -> str:
    """What both photographs of a lesion are worth together."""
    found = card.facts.get("pairs", {}).get(judged_on(card))
    if not found:
        return ""
    gap = found["difference"]
    return (
        f"**Both photographs of a lesion.** On {judged_on(card)}, {found['lesions']:,} lesions "
        f"({found['malignant']:,} malignant) have a dermoscopic image and a close-up. AUC by lesion is "
        f"{interval_cell(found['dermoscopic'])} by the first, {interval_cell(found['close_up'])} by the second and "
        f"{interval_cell(found['both'])} by the mean of both log odds: {signed_cell(gap['value'])} "
        f"({signed_cell(gap['low'])} to {signed_cell(gap['high'])}) against the dermoscopic image alone."
    )


def cases_section(card: Card) -> str:
    """Images by split and diagnosis."""
    counts: Mapping[str, Mapping[str, int]] = card.facts.get("cases", {})
    if not counts:
        return ""
    taxonomy = card.taxonomy
    codes = [code for code in taxonomy.codes if any(code in found for found in counts.values())]
    # Labels that are no diagnosis.
    codes += sorted({name for found in counts.values() for name in found} - {"lesions", "images", *codes})
    order = [split for split in ("train", "validation", "test") if split in counts]
    rows = [
        (split, *(f"{counts[split].get(name, 0):,}" for name in ("lesions", "images", *codes)))
        for split in order
    ]
    names = "; ".join(f"{code}: {taxonomy[code].name}" for code in codes if code in taxonomy)
    return f"**Cases.** {names}.\n\n{markdown_table(('split', 'lesions', 'images', *codes), rows)}"


def openings_section(card: Card) -> str:
    """Every look at the test split."""
    found = card.facts.get("openings")
    if not found:
        return ""
    rows = [
        (str(one["when"])[:16].replace("T", " "), f"{one['recipe']}, seed {one['seed']}", str(one["why"]))
        for one in found
    ]
    return f"**Openings of the test split.**\n\n{markdown_table(('UTC', 'run', 'why'), rows)}"


def files_section(card: Card) -> str:
    """What the bundle's files have to be."""
    if not card.files:
        return ""
    return "**Files**, by SHA-256.\n\n" + markdown_table(
        ("file", "SHA-256"), [(name, code_span(value) or "") for name, value in card.files.items()]
    )
