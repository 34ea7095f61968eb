"""What can be taken along of the predictions: names of files for dashboard/history/exports.py, and words for people."""

from dash import html

from dashboard.addresses import local_address

FORMATS: tuple[tuple[str, str, str], ...] = (
    ("predictions.csv", "CSV", "for spreadsheets"),
    ("predictions.parquet", "Parquet", "for pandas, R and the like"),
    ("predictions.jsonl", "JSON lines", "everything that is stored"),
    ("images.zip", "Photographs", "ZIP, without metadata"),
    ("dataset.zip", "Confirmed cases as a dataset", "ZIP that `python -m training prepare` reads"),
)
# Names, and whoever is on them, stay here.
WITH_PATIENTS = frozenset({"images.zip"})


def export_links(search: str) -> html.Ul:
    """Files for somebody who sees no single case.

    Args:
        search: of the history's address, which says which predictions: see dashboard/shell/browse.py.
    """
    return html.Ul(
        [
            html.Li(
                [
                    html.A(word, href=local_address(f"/exports/{file}{search}")),
                    html.Span(f" {what}", className="note"),
                ]
            )
            for file, word, what in FORMATS
            if file not in WITH_PATIENTS
        ],
        className="export-links",
    )
