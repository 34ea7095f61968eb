"""The order of the diagnoses is part of every stored model: it must never change."""

from model.taxonomy import BY_CODE, CODES, MALIGNANT


def test_order_and_sides() -> None:
    assert CODES == ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    assert {"akiec", "bcc", "mel"} == MALIGNANT
    assert BY_CODE["mel"].name == "Melanoma"
