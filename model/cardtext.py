"""A card as Markdown for people: the README's model section, and in full what a reviewer asks for.

After Mitchell et al. 2019 ("Model Cards for Model Reporting", doi:10.1145/3287560.3287596). Nothing is computed here:
every figure stands in card.json. What a card does not state is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.bundle import Card
from model.markdown import (
    NONE,
    Row,
    bullets,
    code,
    flat,
    interval,
    number,
    percent,
    plain_percent,
    share,
    table,
)
from model.taxonomy import BY_CODE, DIAGNOSES


def card_text(cards: Sequence[Card], short: bool = False) -> str:
    """The model section: all cards in one table, then the first of them in detail.

    Args:
        cards: at least one.
        short: without the tables of subgroups, robustness, calibration and cases.
    """
    card = cards[0]
    parts = [comparison(cards), decisions(card), uses(card)]
    if not short:
        parts += [calibration(card), subgroups(card), robustness(card), guard(card), cases(card)]
    parts += [limits(card), making(card), *([] if short else [openings(card), files(card)])]
    return "\n\n".join(part for part in parts if part) + "\n"


def judged_on(card: Card) -> str:
    """The split whose figures are shown: test where it was opened."""
    return next((split for split in ("test", "validation") if split in card.results), "")


def comparison(cards: Sequence[Card]) -> str:
    """What each model reaches."""
    if not any(judged_on(card) for card in cards):
        return ""
    found = [row for card in cards for row in compared(card)]
    images = cards[0].results.get(judged_on(cards[0]), {})
    sentence = (
        f"Malignant ({', '.join(one.code for one in DIAGNOSES if one.malignant)}) against benign, on the "
        f"{judged_on(cards[0])} split: {images.get('images', 0):,} images of {images.get('lesions', 0):,} lesions, "
        f"{images.get('malignant', 0):,} malignant images. No lesion is in two splits; 95 % intervals are bootstrapped "
        "by lesion. Everything that is chosen (weights, temperature, thresholds) comes from training and validation."
    )
    head = (
        "model",
        "AUC",
        "sensitivity",
        "specificity",
        "balanced accuracy, 7 classes",
        "by the balanced rule",
        "ECE",
        "Brier",
    )
    note = (
        "Sensitivity and specificity at the operating point for "
        f"{plain_percent(cards[0].target_sensitivity)} sensitivity, "
        "from validation. The balanced rule divides each diagnosis's probability by its share to a power chosen on "
        "validation: it finds more of the rare diagnoses and is wrong more often overall."
    )
    return "\n\n".join([sentence, table(head, found), note])


def compared(card: Card) -> Iterable[Row]:
    """One card's row of the comparison."""
    split = judged_on(card)
    if split:
        of = card.results[split]
        yield (
            f"`{card.name}` {card.version}" + ("" if split == "test" else f" ({split})"),
            *(flat(of, name) for name in ("auc", "sensitivity", "specificity", "balanced_accuracy")),
            flat(of, "balanced_accuracy_balanced_rule"),
            number(of.get("ece")),
            flat(of, "brier"),
        )


def decisions(card: Card) -> str:
    """What the operating points do."""
    found = card.results.get(judged_on(card), {}).get("operating_points")
    if not found:
        return ""
    rows = [
        (
            plain_percent(point.sensitivity) + (" (default)" if point.name == card.operating_point else ""),
            number(point.threshold),
            number(point.malignant),
            *(
                interval(found[point.name][name])
                for name in ("sensitivity", "coverage_benign", "specificity", "ppv", "npv")
            ),
            share(found[point.name]["decided"]),
            str(found[point.name]["cases"]["malignant"]["benign"]),
        )
        for point in card.operating_points
    ]
    text = (
        "**Operating points.** A lesion is called benign below the first threshold, malignant from the second one on, "
        "and uncertain between them. Both thresholds are split-conformal quantiles of the validation scores of one "
        "class each (see `model/conformal.py`): the stated share of cancers is not called benign, and the same share "
        f"of benign lesions is not called malignant. What they reached on {judged_on(card)}:"
    )
    head = (
        "stated",
        "benign below",
        "malignant from",
        "cancers not called benign (sensitivity)",
        "benign not called malignant",
        "benign called benign (specificity)",
        "PPV",
        "NPV",
        "decided",
        "cancers called benign",
    )
    note = (
        "Predictive values hold for this set, where "
        f"{percent(prevalence(card))} of the images are malignant; PPV counts what is uncertain as positive."
    )
    return "\n\n".join([text, table(head, rows), note])


def prevalence(card: Card) -> float:
    """Share of malignant images on the split that is shown."""
    of = card.results[judged_on(card)]
    return float(of["malignant"] / max(of["images"], 1))


def uses(card: Card) -> str:
    """What it is for, and what it is not for."""
    return "\n\n".join(
        f"**{title}**\n\n{bullets(card.facts[name])}"
        for name, title in (("intended_use", "Intended use."), ("not_for", "Not for."))
        if card.facts.get(name)
    )


def calibration(card: Card) -> str:
    """Reliability before and after, and the ways that were compared."""
    of = card.results.get(judged_on(card), {})
    parts: list[str] = []
    if of.get("reliability"):
        text = (
            f"**Calibration.** One temperature, {card.temperature:.3f}, fitted on validation. On {judged_on(card)} the "
            f"expected calibration error is {number(of.get('ece_before_calibration'))} before and "
            f"{number(of.get('ece'))} after; the Brier score is {flat(of, 'brier')}, and "
            f"{number(of.get('brier_of_the_prevalence'))} for always saying the prevalence."
        )
        rows = [
            (
                f"{plain_percent(one['low'])} - {plain_percent(one['high'])}",
                str(one["images"]),
                percent(one["predicted"]),
                f"{percent(one['observed'])} ({percent(one['observed_low'])} - {percent(one['observed_high'])})",
            )
            for one in of["reliability"]
        ]
        parts += [text, table(("predicted", "images", "mean predicted", "observed (Wilson)"), rows)]
    if card.facts.get("calibration"):
        rows = [
            (
                one["method"],
                *(number(one[name], 4) for name in ("log_loss", "brier", "ece")),
                f"{one['difference']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f})",
            )
            for one in card.facts["calibration"]
        ]
        text = (
            "Ways to calibrate, cross-validated by lesion on validation; temperature stays unless another one clearly "
            "wins:"
        )
        head = ("method", "log loss", "Brier", "ECE", "log loss less temperature's")
        parts += [text, table(head, rows)]
    return "\n\n".join(parts)


def subgroups(card: Card) -> str:
    """For whom it works how well."""
    if not card.subgroups:
        return ""
    rows = [
        (
            str(one["variable"]),
            f"{one['name']}{' *' if one['small'] else ''}",
            str(one["images"]),
            str(one["malignant"]),
            *(interval(one[name]) for name in ("auc", "sensitivity", "specificity")),
        )
        for one in card.subgroups
    ]
    text = (
        f"**Subgroups** on {card.facts.get('measured_on', judged_on(card))}, at the default operating point. Groups "
        "with a star have too few cases, or too few malignant ones, to conclude anything. Skin tone is not recorded."
    )
    head = ("", "group", "images", "malignant", "AUC", "sensitivity", "specificity")
    return f"{text}\n\n{table(head, rows)}"


def robustness(card: Card) -> str:
    """What disturbed images do to the score."""
    if not card.robustness:
        return ""
    rows = [
        (
            str(one["kind"]),
            str(one["strength"]),
            str(one["images"]),
            flat(one, "auc"),
            number(one["auc_before"]),
            number(one["mean_change"]),
            number(one["p95_change"]),
            percent(one["decisions_changed"]),
            str(one["benign_now"]),
        )
        for one in card.robustness
        if one["kind"] != "none"
    ]
    seen = card.facts.get("resolution", {})
    parts = [
        f"**Robustness** on {card.facts.get('measured_on', judged_on(card))}: images disturbed on purpose. Change is "
        "that of the calibrated probability of the same image, absolute; decisions are those of the default operating "
        "point, and the last column counts cancers that became benign by the disturbance.",
        table(
            (
                "disturbance",
                "strength",
                "images",
                "AUC",
                "undisturbed",
                "mean change",
                "95th percentile",
                "decisions changed",
                "cancers lost",
            ),
            rows,
        ),
    ]
    if seen.get("sharp_copies_benign", 0) or seen.get("sharp_copies_malignant", 0):
        parts.append(
            f"Sharper copies ({seen['sharp_side']:.0f} instead of {seen['common_side']:.0f} pixels) exist of "
            f"{percent(seen['sharp_copies_malignant'])} of the malignant and {percent(seen['sharp_copies_benign'])} of "
            "the benign training images, so sharpness would tell the diagnosis. Training takes them with a chance "
            f"that levels this: {percent(seen['seen_sharp_malignant'])} and {percent(seen['seen_sharp_benign'])} are "
            "seen sharp. Evaluation reads one resolution only."
        )
    return "\n\n".join(parts)


def guard(card: Card) -> str:
    """How often it warns or refuses."""
    measured = card.guard.get("measured")
    if not isinstance(measured, Mapping):
        return ""
    kinds = sorted({name for found in measured.values() if is_figures(found) for name in found})
    rows = [
        (str(name), *(percent(found[kind]) if kind in found else NONE for kind in kinds))
        for name, found in measured.items()
        if is_figures(found)
    ]
    drawn = measured.get("drawn", {})
    rows += [
        (f"drawn: {name}", *(percent(found[kind]) if kind in found else NONE for kind in kinds))
        for name, found in drawn.items()
        if is_figures(found)
    ]
    text = "**Knowing when not to answer.** Share of images that are warned about, by reason:"
    return f"{text}\n\n{table(('images', *kinds), rows)}"


def is_figures(found: Any) -> bool:
    """Whether something is shares by name."""
    return isinstance(found, Mapping) and all(isinstance(one, int | float) for one in found.values())


def cases(card: Card) -> str:
    """Images by split and diagnosis."""
    counts: Mapping[str, Mapping[str, int]] = card.facts.get("cases", {})
    if not counts:
        return ""
    codes = [code for code in BY_CODE if any(code in found for found in counts.values())]
    order = [split for split in ("train", "validation", "test") if split in counts]
    rows = [
        (split, *(f"{counts[split].get(name, 0):,}" for name in ("lesions", "images", *codes)))
        for split in order
    ]
    names = "; ".join(f"{code}: {BY_CODE[code].name}" for code in codes)
    return f"**Cases.** {names}.\n\n{table(('split', 'lesions', 'images', *codes), rows)}"


def limits(card: Card) -> str:
    """What the figures do not show."""
    found = card.facts.get("limits")
    return f"**Limits.**\n\n{bullets(found)}" if found else ""


def making(card: Card) -> str:
    """Data, licence, split, how to make it again and what that costs."""
    training = card.training
    facts = [
        ("Data", training.get("data")),
        ("Licence", card.licence),
        ("Split", training.get("split")),
        ("Split's SHA-256", code(training.get("split_sha256"))),
        ("Started from", training.get("init")),
        ("Reproduce", code(card.facts.get("reproduce"))),
        ("Cost", cost(training)),
        (
            "Test split",
            f"opened {len(card.facts['openings'])} times since it was drawn, each with a reason (in the card)"
            if card.facts.get("openings")
            else None,
        ),
        ("Made", f"{card.created}, version {card.version}"),
    ]
    rows = [f"- {name}: {value}" for name, value in facts if value]
    return "**Data, licence and reproduction.**\n\n" + "\n".join(rows)


def cost(training: Mapping[str, Any]) -> str | None:
    """Hours and hardware."""
    if "seconds" not in training:
        return None
    return f"{training['seconds'] / 3600:.1f} hours of training on {training.get('processor', 'an unknown machine')}"


def openings(card: Card) -> str:
    """Every look at the test split."""
    found = card.facts.get("openings")
    if not found:
        return ""
    rows = [
        (str(one["when"])[:16].replace("T", " "), f"{one['recipe']}, seed {one['seed']}", str(one["why"]))
        for one in found
    ]
    return f"**Openings of the test split.**\n\n{table(('UTC', 'run', 'why'), rows)}"


def files(card: Card) -> str:
    """What the bundle's files have to be."""
    if not card.files:
        return ""
    return "**Files**, by SHA-256.\n\n" + table(
        ("file", "SHA-256"), [(name, code(value) or "") for name, value in card.files.items()]
    )
