"""Diagnoses as a value: what a card may say of them, and what it means."""

import json
from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from model.taxonomy import (
    HAM10000,
    LESIONS,
    Diagnosis,
    Taxonomy,
    TaxonomyError,
    taxonomy_from_json,
    taxonomy_union,
)


def as_json(taxonomy: Taxonomy) -> Any:
    return json.loads(json.dumps(asdict(taxonomy)))


def test_the_order_of_stored_models_never_changes() -> None:
    assert HAM10000.codes == ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    assert HAM10000.malignant == {"akiec", "bcc", "mel"}
    assert LESIONS.codes == ("akiec", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc")
    assert LESIONS.malignant == {"akiec", "bcc", "mel", "scc"}
    assert set(HAM10000) < set(LESIONS)


def test_by_code_and_by_place() -> None:
    assert LESIONS["scc"].name == LESIONS.name("scc") == "Squamous cell carcinoma"
    assert LESIONS.index("scc") == 6 and LESIONS.columns.tolist() == [0, 1, 4, 6]
    assert HAM10000.get("scc") is None and HAM10000.get(None) is None and HAM10000.name("scc") == "scc"
    assert "scc" in LESIONS and "scc" not in HAM10000 and len(LESIONS) == 8


def test_malignancy_is_the_sum_of_its_classes_or_a_binary_model_s_own() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(8), 5)
    np.testing.assert_allclose(LESIONS.malignancy(rows), rows[:, [0, 1, 4, 6]].sum(axis=1))
    np.testing.assert_array_equal(LESIONS.malignancy(rows[:, 3:4]), rows[:, 3])


@pytest.mark.parametrize("taxonomy", [HAM10000, LESIONS])
def test_a_card_gives_it_back(taxonomy: Taxonomy) -> None:
    assert taxonomy_from_json(as_json(taxonomy)) == taxonomy


def damaged(change: Any) -> Any:
    found = deepcopy(as_json(LESIONS))
    change(found)
    return found


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "must have the fields diagnoses, shown"),
        (damaged(lambda one: one.pop("shown")), "must have the fields"),
        (damaged(lambda one: one.update(more=1)), "no others"),
        (damaged(lambda one: one.update(diagnoses={})), "diagnoses are not a list"),
        (damaged(lambda one: one.update(shown=[1])), "not codes"),
        (damaged(lambda one: one["diagnoses"][0].pop("plain")), "A diagnosis must have the fields"),
        (damaged(lambda one: one["diagnoses"][0].update(code="Not A Code")), "cannot be the code"),
        (damaged(lambda one: one["diagnoses"][0].update(code="malignant")), "cannot be the code"),
        (damaged(lambda one: one["diagnoses"][0].update(code="c" * 17)), "cannot be the code"),
        (damaged(lambda one: one["diagnoses"][0].update(code=["mel"])), "cannot be the code"),
        (damaged(lambda one: one["diagnoses"][0].update(name="")), "name of the diagnosis akiec"),
        (damaged(lambda one: one["diagnoses"][0].update(plain="a\nb")), "plain of the diagnosis akiec"),
        (damaged(lambda one: one["diagnoses"][0].update(malignant="yes")), "true or false"),
        (damaged(lambda one: one["diagnoses"][0].update(colour="red")), "colour of the diagnosis akiec"),
        (damaged(lambda one: one["diagnoses"][0].update(code="bcc")), "same code"),
        (damaged(lambda one: one["shown"].pop()), "each diagnosis once"),
        (damaged(lambda one: one["shown"].reverse()), "malignant diagnoses first"),
        (damaged(lambda one: [each.update(malignant=True) for each in one["diagnoses"]]), "one benign"),
        ({"diagnoses": [], "shown": []}, "at least one"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(TaxonomyError, match=sentence):
        taxonomy_from_json(value)


def test_together_they_know_everything_and_the_first_word_counts() -> None:
    other = Taxonomy(
        (
            replace(HAM10000["mel"], name="Malignant melanoma"),
            Diagnosis("wart", "Viral wart", "Wart", "Wart", "warts", False, "#123456"),
        ),
        ("mel", "wart"),
    )
    every = taxonomy_union([LESIONS, other])
    assert every.codes == (*LESIONS.codes, "wart") and every.name("mel") == "Melanoma"
    assert every.shown == (*LESIONS.shown, "wart")
    assert taxonomy_union([other, LESIONS]).name("mel") == "Malignant melanoma"
    assert taxonomy_union([HAM10000, LESIONS]).malignant == LESIONS.malignant
