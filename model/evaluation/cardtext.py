"""A card as Markdown for people: the README's one table, and in full what a reviewer asks for.

After Mitchell et al. 2019 ("Model Cards for Model Reporting", doi:10.1145/3287560.3287596). Nothing is computed here:
every figure stands in card.json, and what a card does not state is left out. The sentences are in templates/card.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from model.bundle import Card
from model.evaluation.cardtables import (
    by_source,
    calibration_rows,
    card_prevalence,
    case_table,
    compared,
    evidence_rows,
    guard_table,
    judged_on,
    making,
    opening_rows,
    operating_point_rows,
    robustness_rows,
    scales,
    source_probe_rows,
    subgroup_rows,
)
from model.evaluation.markdown import (
    code_span,
    interval_cell,
    markdown_table,
    number_cell,
    plain_percent,
    signed_cell,
    stated_interval,
)
from model.evaluation.words import rate


def card_text(cards: Sequence[Card]) -> str:
    """All cards in one table, then the first of them in detail; at least one card."""
    card = cards[0]
    split = judged_on(card)
    taxonomy, counts = card.taxonomy, case_table(card)
    text = (
        card_templates()
        .get_template("card.md")
        .render(
            card=card,
            split=split,
            of=card.results.get(split, {}),
            malignant=", ".join(one.code for one in taxonomy if one.malignant),
            classes=" and ".join(str(count) for count in sorted({len(one.taxonomy) for one in cards})),
            measured_on=card.facts.get("measured_on", split),
            pairs=card.facts.get("pairs", {}).get(split),
            scales=scales(card),
            diagnoses="; ".join(
                f"{code}: {taxonomy[code].name}" for code in (counts or ((),))[0] if code in taxonomy
            ),
            guard=guard_table(card),
            cases=counts,
            making=making(card),
            tables={
                "comparison": [row for one in cards for row in compared(one)],
                "by_source": by_source(card),
                "operating_points": operating_point_rows(card),
                "calibration": calibration_rows(card),
                "subgroups": subgroup_rows(card),
                "source_probe": source_probe_rows(card),
                "robustness": robustness_rows(card),
                "evidence": evidence_rows(card),
                "openings": opening_rows(card),
                "files": [(name, code_span(value) or "") for name, value in card.files.items()],
            },
        )
    )
    return text.rstrip() + "\n"


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
        "interval": interval_cell,
        "number": number_cell,
        "plain_percent": plain_percent,
        "prevalence": card_prevalence,
        "rate": rate,
        "signed": signed_cell,
        "stated": stated_interval,
        "table": markdown_table,
        "thousands": "{:,}".format,
    }
    return templates


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
