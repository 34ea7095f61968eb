"""The checklists: complete, each answer in a section that there is, and honest about what a card does not state."""

import dataclasses
import re
from pathlib import Path

from model.evaluation.checklists import CHECKLISTS, CLAIM, TRIPOD_AI, answered
from tests.tiny import write_tiny_bundle

SECTIONS = {
    *("summary", "decisions", "curves", "sources", "subgroups", "comparison"),
    *("map", "errors", "training", "robustness", "card"),
}


def test_every_item_stands_once_in_its_order() -> None:
    assert [item.number for item in CLAIM] == [str(number) for number in range(1, 45)]
    whole = list(dict.fromkeys(int(re.match(r"\d+", item.number)[0]) for item in TRIPOD_AI))
    assert whole == list(range(1, 28))
    assert len({item.number for item in TRIPOD_AI}) == len(TRIPOD_AI) == 52


def test_an_answer_leads_to_a_section_and_what_is_not_done_to_none() -> None:
    for items in CHECKLISTS.values():
        for item in items:
            assert bool(item.section) == item.done
            assert not item.section or item.section in SECTIONS


def test_what_a_card_does_not_state_is_not_done(tmp_path: Path) -> None:
    card = write_tiny_bundle(tmp_path, "tiny", graph=False).card
    bare = {item.number: item for item in answered(dataclasses.replace(card, facts={}), "CLAIM 2024")}
    told = {"limits": ["Drawn lesions."], "elsewhere": {"A": {}}}
    stated = {item.number: item for item in answered(dataclasses.replace(card, facts=told), "CLAIM 2024")}
    for number in ("33", "40"):
        assert not bare[number].done
        assert stated[number].done
