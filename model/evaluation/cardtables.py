"""The tables of a card's text, as rows of Markdown cells."""

from collections.abc import Iterable, Mapping
from typing import Any

from model.bundle import Card
from model.evaluation.markdown import (
    NONE,
    Row,
    code_span,
    interval_cell,
    number_cell,
    plain_percent,
    share_cell,
    signed_cell,
    stated_interval,
)
from model.evaluation.words import rate

NAMES = ("auc", "auc_by_lesion", "sensitivity", "specificity", "balanced_accuracy")


def judged_on(card: Card) -> str:
    """The split whose figures are shown: test where it was opened."""
    return next((split for split in ("test", "validation") if split in card.results), "")


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


def is_figures(found: Any) -> bool:
    """Whether something is shares by name."""
    return isinstance(found, Mapping) and all(isinstance(one, int | float) for one in found.values())


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


def cost(training: Mapping[str, Any]) -> str | None:
    """Hours and hardware."""
    if "seconds" not in training:
        return None
    machine = training.get("processor", "an unknown machine")
    return f"{training['seconds'] / 3600:.1f} hours of training on {machine}"


def subgroup_rows(card: Card) -> list[Row]:
    """For whom it works how well."""
    if not card.subgroups:
        return []
    return [
        (
            str(one["variable"]),
            f"{one['name']}{' *' if one['small'] else ''}",
            str(one["images"]),
            str(one["malignant"]),
            *(interval_cell(one[name]) for name in ("auc", "sensitivity", "specificity")),
        )
        for one in card.subgroups
    ]


def robustness_rows(card: Card) -> list[Row]:
    """What disturbed images do to the score."""
    if not card.robustness:
        return []
    return [
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


def source_probe_rows(card: Card) -> list[Row]:
    """How well the source can be told from what the network sees of nevi."""
    found = card.facts.get("source_probe")
    if not found:
        return []
    return [
        (f"{one['first']} or {one['second']}", ", ".join(map(str, one["images"])), interval_cell(one["auc"]))
        for one in found
    ]


def evidence_rows(card: Card) -> list[Row]:
    """Whether the maps of the evidence are better than chance."""
    found = card.facts.get("evidence")
    if not found:
        return []
    return [
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


def opening_rows(card: Card) -> list[Row]:
    """Every look at the test split."""
    found = card.facts.get("openings")
    if not found:
        return []
    return [
        (str(one["when"])[:16].replace("T", " "), f"{one['recipe']}, seed {one['seed']}", str(one["why"]))
        for one in found
    ]


def operating_point_rows(card: Card) -> list[Row]:
    """What the operating points do."""
    found = card.results.get(judged_on(card), {}).get("operating_points")
    if not found:
        return []
    return [
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


def calibration_rows(card: Card) -> list[Row]:
    """Reliability, a row a bin."""
    return [
        (
            f"{plain_percent(one['low'])} - {plain_percent(one['high'])}",
            str(one["images"]),
            rate(one["predicted"]),
            f"{rate(one['observed'])} ({rate(one['observed_low'])} - {rate(one['observed_high'])})",
        )
        for one in card.results.get(judged_on(card), {}).get("reliability", ())
    ]


def by_source(card: Card) -> list[Row]:
    """What the model reaches in every source and modality apart, and in sources that it never saw."""
    found: Mapping[str, Any] = card.results.get(judged_on(card), {}).get("domains", {})
    never: Mapping[str, Any] = card.facts.get("elsewhere", {})
    if len(found) < 2:
        return []
    rows = [source_row(name, of, card.operating_point) for name, of in found.items()]
    rows += [source_row(f"{name}, never seen", of, card.operating_point) for name, of in never.items()]
    return rows


def guard_table(card: Card) -> tuple[Row, list[Row]] | None:
    """How often it warns or refuses."""
    measured = card.guard.get("measured")
    if not isinstance(measured, Mapping):
        return None
    # `images` is how many were looked at; everything else is a share of them.
    kinds = sorted({name for found in measured.values() if is_figures(found) for name in found} - {"images"})
    rows: list[Row] = [
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
    return ("images", *kinds), rows


def case_table(card: Card) -> tuple[Row, list[Row]] | None:
    """Images by split and diagnosis."""
    counts: Mapping[str, Mapping[str, int]] = card.facts.get("cases", {})
    if not counts:
        return None
    taxonomy = card.taxonomy
    codes = [code for code in taxonomy.codes if any(code in found for found in counts.values())]
    # Labels that are no diagnosis.
    codes += sorted({name for found in counts.values() for name in found} - {"lesions", "images", *codes})
    order = [split for split in ("train", "validation", "test") if split in counts]
    rows: list[Row] = [
        (split, *(f"{counts[split].get(name, 0):,}" for name in ("lesions", "images", *codes)))
        for split in order
    ]
    return ("split", "lesions", "images", *codes), rows


def making(card: Card) -> list[tuple[str, str | None]]:
    """Data, licence, split, how to make it again and what that costs."""
    training = card.training
    return [
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
