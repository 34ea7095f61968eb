"""A prediction as a page to print: A4, one page, black on white."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from dashboard.case_report.content import report_of, time_with_zone
from dashboard.shell.pictures import centred_square
from dashboard.shell.templates import rendered
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record, Review


def sheet(
    record: "Record",
    taxonomy: Taxonomy,
    drawn: bool = False,
    no_outline: str = "",
    prevalence: float | None = None,
    attempts: "Sequence[Record]" = (),
    pictured: Collection[str] = (),
    reviews: "Sequence[Review]" = (),
) -> str:
    """The whole report of a stored prediction, as HTML.

    Args:
        taxonomy: what the record's codes mean.
        drawn: whether the image is one of our drawings.
        no_outline: why what the model looked at is not shown; empty where it is.
        prevalence: the share of malignant lesions for which the probability holds; None where nobody knows it.
        attempts: see `attempts_of`.
        pictured: see `pictured_cases`.
        reviews: of the prediction, the newest first.
    """
    return rendered(
        "sheet.html",
        record=record,
        report=report_of(record, taxonomy, drawn, no_outline, prevalence, attempts, pictured, reviews),
        when=time_with_zone(record.created),
        square=None if no_outline else centred_square(record.width, record.height),
    )
