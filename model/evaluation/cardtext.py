"""A card as Markdown for people: the README's one table, and in full what a reviewer asks for.

After Mitchell et al. 2019 ("Model Cards for Model Reporting", doi:10.1145/3287560.3287596). Nothing is computed here:
every figure stands in card.json. What a card does not state is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.bundle import Card
from model.evaluation.cardtables import (
    calibration_section,
    cases_section,
    evidence_section,
    files_section,
    guard_section,
    judged_on,
    openings_section,
    pair_worth,
    robustness_section,
    source_probe_section,
    subgroups_section,
)
from model.evaluation.markdown import (
    NONE,
    Row,
    bullets,
    code_span,
    interval_cell,
    markdown_table,
    number_cell,
    plain_percent,
    share_cell,
    stated_interval,
)
from model.evaluation.words import rate

NAMES = ("auc", "auc_by_lesion", "sensitivity", "specificity", "balanced_accuracy")


def card_text(cards: Sequence[Card]) -> str:
    """All cards in one table, then the first of them in detail; at least one card."""
    card = cards[0]
    parts = [
        comparison_section(cards),
        by_source(card),
        pair_worth(card),
        operating_points_section(card),
        uses(card),
    ]
    parts += [
        calibration_section(card),
        subgroups_section(card),
        source_probe_section(card),
        robustness_section(card),
        guard_section(card),
    ]
    parts += [
        evidence_section(card),
        cases_section(card),
        limits_section(card),
        making(card),
        openings_section(card),
        files_section(card),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def short_text(card: Card) -> str:
    """The README's one table: how many cancers are found and how much else is left alone, by source and modality."""
    split = judged_on(card)
    of: Mapping[str, Any] = card.results.get(split, {})
    never: Mapping[str, Any] = card.facts.get("elsewhere", {})
    groups = {"all dermoscopic": of, **of.get("domains", {})}
    groups |= {f"{name}, never seen": found for name, found in never.items()}
    rows = [
        (
            name,
            f"{found.get('images', 0):,}",
            f"{found.get('malignant', 0):,}",
            *(stated_interval(found, figure) for figure in ("auc", "sensitivity", "specificity")),
        )
        for name, found in groups.items()
    ]
    head = ("photographs", "images", "malignant", "AUC", "cancers found", "harmless left alone")
    text = (
        f"`{card.name}` {card.version} on {split} lesions, where it aims to find "
        f"{plain_percent(card.target_sensitivity)} of cancers; 95 % intervals by lesion. Dermoscopic: found is not "
        "called benign, left alone is called benign. Close-ups are never called benign: found is called malignant, "
        "left alone is uncertain."
    )
    if never:
        text += " Never seen: a cheaper recipe, trained without that source and tested on it."
    return f"{markdown_table(head, rows)}\n\n{text}\n"


def comparison_section(cards: Sequence[Card]) -> str:
    """What each model reaches."""
    if not any(judged_on(card) for card in cards):
        return ""
    found = [row for card in cards for row in compared(card)]
    classes = " and ".join(str(count) for count in sorted({len(card.taxonomy) for card in cards}))
    images = cards[0].results.get(judged_on(cards[0]), {})
    sentence = (
        f"Malignant ({', '.join(one.code for one in cards[0].taxonomy if one.malignant)}) against benign, on the "
        f"{judged_on(cards[0])} split: {images.get('images', 0):,} images of {images.get('lesions', 0):,} lesions, "
        f"{images.get('malignant', 0):,} malignant images. No lesion is in two splits; 95 % intervals are by "
        "lesion. Everything that is chosen (weights, temperature, thresholds) comes from training and validation."
    )
    head = (
        "model",
        "AUC",
        "AUC by lesion",
        "sensitivity",
        "specificity",
        f"balanced accuracy, {classes} classes",
        "by the balanced rule",
        "ECE",
        "Brier",
    )
    note = (
        "By lesion, the images of one lesion count once, with the mean of their probabilities. "
        "Sensitivity and specificity at the operating point for "
        f"{plain_percent(cards[0].target_sensitivity)} sensitivity, "
        "from validation. The balanced rule divides each diagnosis's probability by its share to a power chosen on "
        "validation: it finds more of the rare diagnoses and is wrong more often overall."
    )
    return "\n\n".join([sentence, markdown_table(head, found), note])


def compared(card: Card) -> Iterable[Row]:
    """One card's row of the comparison."""
    split = judged_on(card)
    if split:
        of = card.results[split]
        yield (
            f"`{card.name}` {card.version}" + ("" if split == "test" else f" ({split})"),
            *(stated_interval(of, name) for name in NAMES),
            stated_interval(of, "balanced_accuracy_balanced_rule"),
            number_cell(of.get("ece")),
            stated_interval(of, "brier"),
        )


def operating_points_section(card: Card) -> str:
    """What the operating points do."""
    found = card.results.get(judged_on(card), {}).get("operating_points")
    if not found:
        return ""
    rows = [
        (
            plain_percent(point.sensitivity) + (" (default)" if point.name == card.operating_point else ""),
            number_cell(point.threshold),
            number_cell(point.malignant),
            *(
                interval_cell(found[point.name][name])
                for name in ("sensitivity", "coverage_benign", "specificity", "ppv", "npv")
            ),
            share_cell(found[point.name]["decided"]),
            str(found[point.name]["cases"]["malignant"]["benign"]),
        )
        for point in card.operating_points
    ]
    text = (
        "**Operating points.** A lesion is called benign below the first threshold, malignant from the second one on, "
        "and uncertain between them. Both thresholds are split-conformal quantiles of the validation scores of one "
        "class each (see `model/evaluation/conformal.py`): the stated share of cancers is not called benign, and the "
        "same share of benign lesions is not called malignant. "
        f"{strictest(card)}What they reached on {judged_on(card)}:"
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
        f"{rate(card_prevalence(card))} of the images are malignant; PPV counts what is uncertain as positive."
    )
    return "\n\n".join([text, markdown_table(head, rows), note])


def strictest(card: Card) -> str:
    """How several sources come to one threshold, for a card that has them."""
    if len(card.results.get(judged_on(card), {}).get("domains", {})) < 2:
        return ""
    return (
        "Of the thresholds that each source's validation images ask for, lesion by lesion, the strictest stands. "
        "A close-up has one threshold and is never called benign. "
    )


def by_source(card: Card) -> str:
    """What the model reaches in every source and modality apart, and in sources that it never saw."""
    found: Mapping[str, Any] = card.results.get(judged_on(card), {}).get("domains", {})
    never: Mapping[str, Any] = card.facts.get("elsewhere", {})
    if len(found) < 2:
        return ""
    rows = [source_row(name, of, card.operating_point) for name, of in found.items()]
    rows += [source_row(f"{name}, never seen", of, card.operating_point) for name, of in never.items()]
    head = (
        "source and modality",
        "images",
        "malignant",
        "AUC",
        "AUC by lesion",
        "sensitivity",
        "specificity",
        "no result",
        "observed / expected cancers",
        "calibration slope",
    )
    text = (
        "**By source**, at the default operating point. For close-ups, sensitivity is the share of cancers that are "
        "called malignant, specificity the share of benign lesions that are left uncertain. Observed and expected are "
        "compared after the probabilities are shifted from the prevalence that they hold at to that of the row."
    )
    if never:
        text += (
            " Never seen: a cheaper recipe was trained without that source and tested on it; sources share clinics, so "
            "it is another source, not always another clinic."
        )
    return f"{text}\n\n{markdown_table(head, rows)}"


def source_row(name: str, of: Mapping[str, Any], point: str) -> Row:
    """One row of the table by source, at the operating point of that name."""
    cells = of["operating_points"].get(point, {}).get("cases", {}).values()
    own = of.get("at_own_prevalence", {})
    ratio = own.get("ratio")
    return (
        name,
        f"{of['images']:,}",
        f"{of['malignant']:,}",
        *(stated_interval(of, one) for one in ("auc", "auc_by_lesion", "sensitivity", "specificity")),
        rate(sum(cell.get("no_result", 0) for cell in cells) / max(of["images"], 1)),
        interval_cell(ratio) if ratio else NONE,
        number_cell(own.get("slope")),
    )


def card_prevalence(card: Card) -> float:
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


def limits_section(card: Card) -> str:
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
        ("Split's SHA-256", code_span(training.get("split_sha256"))),
        ("Started from", training.get("init")),
        ("Reproduce", code_span(card.facts.get("reproduce"))),
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
    machine = training.get("processor", "an unknown machine")
    return f"{training['seconds'] / 3600:.1f} hours of training on {machine}"
