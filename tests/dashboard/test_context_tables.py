"""What is pasted from a spreadsheet, as the fields of photographs."""

import pytest

from dashboard.context_tables import MODALITY, pasted_rows
from dashboard.store import InputError

COLUMNS = ("patient", "lesion", "site", "taken", MODALITY, "note")


def test_a_block_fills_rows_and_columns_from_its_cell_on() -> None:
    first, empty, last = pasted_rows("left arm\tback\r\n\t\r\n2\t\r\n", COLUMNS, "lesion")
    assert (first.fields, first.problems) == ({"lesion": "left arm", "site": "back"}, ())
    # An empty cell leaves what is there: a date that came from the file, too.
    assert empty.fields == {} and last.fields == {"lesion": "2"}


def test_headings_count_more_than_the_cell() -> None:
    (row,) = pasted_rows("File\tDate\tLesion reference\na.jpg\t3. 5. 2026\t1", COLUMNS, "note")
    assert (row.file, row.fields) == ("a.jpg", {"taken": "2026-05-03", "lesion": "1"})


def test_a_cell_that_does_not_fit_leaves_the_others() -> None:
    text = "P-1\t1\t\t05/03/2026\tby eye\tgrew"
    (row,) = pasted_rows(text, COLUMNS, "patient")
    assert row.fields == {"patient": "P-1", "lesion": "1", "note": "grew"}
    assert row.modality is None
    date, kind = row.problems
    assert date.startswith(
        "“05/03/2026”: The date taken does not fit: it is a date or a time like 2026-11-26"
    )
    assert kind == "“by eye”: The modality is one of dermoscopic, close-up, or left out."


def test_cells_of_a_spreadsheet_keep_their_lines() -> None:
    (row,) = pasted_rows('P-1\t1\t\t\tclose-up\t"two ""lines""\nof it"', COLUMNS, "patient")
    assert row.fields["note"] == 'two "lines"\nof it' and row.modality == "close-up"


@pytest.mark.parametrize(
    ("text", "start", "says"),
    [
        ("Patient\tColour\nP-1\tred", "patient", "does not know 'Colour'. Its columns may be: file, patient"),
        ("Patient\tpatient\nP-1\tP-2", "patient", "each column once"),
        ("Age\n61", "patient", "does not know 'Age'"),
        ("a\tb\tc", MODALITY, "have 3 columns, and from here on there is room for 2: modality, note"),
        ("", "patient", "Nothing was pasted"),
        ("a", "colour", "Nothing was pasted"),
        ("a\n" * 1001, "patient", "1,001 rows; at most 1,000"),
    ],
)
def test_another_spreadsheet_is_refused_as_a_whole(text: str, start: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        pasted_rows(text, COLUMNS, start)
