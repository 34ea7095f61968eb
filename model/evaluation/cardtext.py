"""A card as Markdown for people: the README's one table, and in full what a reviewer asks for.

After Mitchell et al. 2019 ("Model Cards for Model Reporting", doi:10.1145/3287560.3287596). Nothing is computed here:
every figure stands in card.json, and what a card does not state is left out. Sentences and tables are in
templates/card.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from model.bundle import Card
from model.evaluation.words import fact_label, fixed, part_words, rate, signed_text

# In place of a figure that a card does not state, or that is not defined.
NONE = "–"
# What the guard's measures are called.
GUARD: dict[str, str] = {
    "close_up": "taken for a close-up",
    "either": "warned about",
    "no_result": "no result",
    "quality": "poor quality",
    "unlike": "unlike the training photographs",
}


def card_text(cards: Sequence[Card]) -> str:
    """All cards in one table, then the first of them in detail; at least one card."""
    card = cards[0]
    split, codes = judged_on(card), case_codes(card)
    counts: Mapping[str, Mapping[str, int]] = card.facts.get("cases", {})
    text = (
        card_templates()
        .get_template("card.md")
        .render(
            card=card,
            split=split,
            of=card.results.get(split, {}),
            malignant="; ".join(diagnosis.name for diagnosis in card.taxonomy if diagnosis.malignant),
            classes=" and ".join(str(count) for count in sorted({len(one.taxonomy) for one in cards})),
            compared=[(compared_name(one), one.results[judged_on(one)]) for one in cards if judged_on(one)],
            sources=figures_by_source(card),
            measured_on=card.facts.get("measured_on", split),
            pairs=card.facts.get("pairs", {}).get(split),
            calibration=calibration_sentences(card),
            guard=guard_table(card),
            made=recipe_values(card),
            codes=codes,
            counts_of=lambda name: [f"{counts[name].get(one, 0):,}" for one in ("lesions", "images", *codes)],
            labels=[card.taxonomy[one].short if one in card.taxonomy else part_words(one) for one in codes],
        )
    )
    return text.rstrip() + "\n"


def short_text(card: Card) -> str:
    """The README's one table: how many cancers are found and how much else is left alone, by source and modality."""
    split = judged_on(card)
    lines = [
        markdown_head("photographs", "images", "malignant", "AUC", "cancers found", "harmless left alone")
    ]
    groups = {"all dermoscopic": card.results.get(split, {}), **figures_by_source(card)}
    for name, figures in groups.items():
        counts = (f"{figures.get(count, 0):,}" for count in ("images", "malignant"))
        rates = (stated_interval(figures, figure) for figure in ("auc", "sensitivity", "specificity"))
        lines.append(markdown_row(name, *counts, *rates))
    text = (
        f"`{card.name}` {card.version} on {split} lesions, where it aims to find "
        f"{plain_percent(card.target_sensitivity)} of cancers; 95 % intervals by lesion. Dermoscopic: found is not "
        "called benign, left alone is called benign. Close-ups are never called benign: found is called malignant, "
        "left alone is uncertain."
    )
    if card.facts.get("elsewhere"):
        text += " Never seen: a cheaper recipe, trained without that source and tested on it."
    return "\n".join(lines) + f"\n\n{text}\n"


def card_templates() -> Environment:
    """The templates, with how a card's text writes numbers and tables."""
    templates = Environment(
        loader=PackageLoader("model.evaluation"),
        autoescape=False,  # Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.globals |= {
        "code": code_span,
        "cost": cost,
        "taught_by": taught_by,
        "head": markdown_head,
        "interval": interval_cell,
        "number": number_cell,
        "part_words": part_words,
        "plain_percent": plain_percent,
        "rate": rate,
        "row": markdown_row,
        "signed": signed_cell,
        "stated": stated_interval,
        "thousands": "{:,}".format,
        "share_without_result": share_without_result,
    }
    return templates


def judged_on(card: Card) -> str:
    """The split whose figures are shown: test where it was opened."""
    return next((split for split in ("test", "validation") if split in card.results), "")


def compared_name(card: Card) -> str:
    """A model in the table of several, with the split where that is not test."""
    split = judged_on(card)
    return f"`{card.name}` {card.version}" + ("" if split == "test" else f" ({split})")


def calibration_sentences(card: Card) -> str:
    """How the probabilities of every modality are made, in a sentence each."""
    return " ".join(
        f"{modality.capitalize()}: temperature {calibration.temperature:.3f}"
        + (
            f", shift {calibration.shift:+.3f}, for a prevalence of {rate(calibration.prevalence)}"
            if calibration.prevalence
            else ""
        )
        + ", fitted on validation."
        for modality, calibration in card.calibrations.items()
    )


def figures_by_source(card: Card) -> dict[str, Mapping[str, Any]]:
    """What the model reaches in every source and modality apart, and in sources that it never saw."""
    never = {f"{name}, never seen": figures for name, figures in card.facts.get("elsewhere", {}).items()}
    return {**card.results.get(judged_on(card), {}).get("domains", {}), **never}


def share_without_result(figures: Mapping[str, Any], point: str) -> float:
    """Share of images that get no result, at the operating point of that name."""
    cells = figures["operating_points"].get(point, {}).get("cases", {}).values()
    return float(sum(cell.get("no_result", 0) for cell in cells) / max(figures["images"], 1))


def case_codes(card: Card) -> list[str]:
    """The labels of the data: the taxonomy's codes in its order, then what is no diagnosis."""
    named = {name for counts in card.facts.get("cases", {}).values() for name in counts}
    codes = [code for code in card.taxonomy.codes if code in named]
    return codes + sorted(named - {"lesions", "images", *codes})


def guard_table(card: Card) -> list[Sequence[str]]:
    """How often the guard warns or refuses, the head first; empty where the card does not state it."""
    measured = dict(card.guard.get("measured", {}))
    measured |= {f"drawn: {name}": shares for name, shares in measured.pop("drawn", {}).items()}
    # `images` is how many were looked at; everything else is a share of them.
    kinds = sorted({kind for shares in measured.values() for kind in shares} - {"images"})
    rows = [
        (name, *(rate(shares[kind]) if kind in shares else NONE for kind in kinds))
        for name, shares in measured.items()
    ]
    return [("images", *(GUARD.get(kind) or fact_label(kind) for kind in kinds)), *rows] if rows else []


def mapping_of(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What stands below a name, where names and values do."""
    found = values.get(name)
    return dict(found) if isinstance(found, Mapping) else {}


def recipe_values(card: Card) -> list[tuple[str, str]]:
    """The recipe and the software, by names that people read; values in lists stand in the card's file."""
    recipe, versions = (mapping_of(card.training, name) for name in ("recipe", "versions"))
    views = {f"{name} of views": value for name, value in mapping_of(recipe, "views").items()}
    values = {name: value for name, value in (recipe | views).items() if name not in ("name", "purpose")}
    values |= {name: card.training[name] for name in ("best_epoch", "seed") if name in card.training}
    plain = [
        (fact_label(name), f"{value:g}" if isinstance(value, float) else str(value))
        for name, value in values.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    ]
    flags = [
        (fact_label(name), "yes" if value else "no")
        for name, value in values.items()
        if isinstance(value, bool)
    ]
    return [*plain, *flags, *((fact_label(name), str(version)) for name, version in versions.items())]


def cost(training: Mapping[str, Any]) -> str | None:
    """Hours and hardware."""
    if "seconds" not in training:
        return None
    machine = training.get("processor", "an unknown machine")
    alone = ", without its teachers" if taught_by(training) else ""
    return f"{training['seconds'] / 3600:.1f} hours of training on {machine}{alone}"


def taught_by(training: Mapping[str, Any]) -> str | None:
    """The networks that this one learned from: the seeds of their recipe, or what else they are called."""
    recipe = mapping_of(training, "recipe")
    teachers = [
        f"{recipe['teacher']} with the seed {one}" if isinstance(one, int) else str(one)
        for one in recipe.get("teachers", ())
    ]
    if not teachers:
        return None
    share = plain_percent(recipe["taught"])
    return f"{', '.join(teachers)}: {share} of what it learned is their mean, the rest the truth"


def markdown_row(*cells: object) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def markdown_head(*titles: str) -> str:
    """The head of a Markdown table; numbers are not aligned, since readers of the text see it too."""
    return markdown_row(*titles) + "\n" + markdown_row(*["---"] * len(titles))


def code_span(value: Any) -> str | None:
    """Something to type or to compare."""
    return f"`{value}`" if value else None


def number_cell(value: float | None) -> str:
    """A figure."""
    return NONE if value is None else fixed(value, 3)


def signed_cell(value: float | None) -> str:
    """A difference with its sign."""
    return NONE if value is None else signed_text(value)


def plain_percent(value: float) -> str:
    """A round share: "95 %", "97.5 %"."""
    return f"{100 * value:.4g} %"


def interval_cell(of: Mapping[str, float] | None) -> str:
    """A value with its interval."""
    return (
        NONE
        if of is None
        else f"{number_cell(of['value'])} ({number_cell(of['low'])}-{number_cell(of['high'])})"
    )


def stated_interval(of: Mapping[str, Any], name: str) -> str:
    """The same from three entries beside each other; without an interval where the card has none."""
    value, low, high = (of.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if value is None or low is None or high is None:
        return number_cell(value)
    return interval_cell({"value": value, "low": low, "high": high})
