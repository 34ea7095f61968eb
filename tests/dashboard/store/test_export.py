"""Tables, images and datasets, piece by piece."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet

from dashboard.store import Context, Query, Record, Store, StoreError
from dashboard.store.export import (
    EXPORTS,
    csv_table,
    dataset_zip,
    export_columns,
    images_zip,
    json_lines,
    parquet_table,
    write_export,
)
from dashboard.store.patients import Patients
from tests.dashboard.reviews import add_review, consent
from training.cases import read_cases
from training.pixels import prepare

Add = Callable[..., Record]


def everything(store: Store) -> list[Record]:
    return list(store.stream(Query()))


def test_no_cell_of_a_csv_file_is_a_formula(store: Store, add: Add) -> None:
    add("=1+1.jpg", context=Context(note="@SUM(A1)", site="-1", lesion="+49", age=50))
    rows = list(csv.DictReader(io.StringIO(b"".join(csv_table(store, everything(store))).decode())))
    assert list(rows[0]) == list(export_columns(store))
    assert rows[0]["filename"] == "'=1+1.jpg" and rows[0]["note"] == "'@SUM(A1)"
    assert rows[0]["site"] == "'-1" and rows[0]["lesion"] == "'+49"
    assert float(rows[0]["p_nv"]) == 0.5 and rows[0]["age"] == "50"


def test_tables_have_a_row_a_prediction_and_their_types(store: Store, add: Add) -> None:
    records = [add(f"{seed}.jpg", seed=seed) for seed in range(3)]
    add_review(store, [records[0].id], "Anna", "mel", "histology", add_tags=["a", "b"])
    table = parquet.read_table(io.BytesIO(b"".join(parquet_table(store, everything(store)))))
    assert table.column("id").to_pylist() == [record.id for record in reversed(records)]
    assert str(table.schema.field("age").type) == "int64" and table.column("age").null_count == 3
    assert table.column("tags").to_pylist() == ["", "", "a; b"]
    lines = [json.loads(line) for line in b"".join(json_lines(store, everything(store))).splitlines()]
    assert lines[2]["confirmed"] == "mel" and lines[2]["review"] == "missed"
    assert lines[0]["cautions"][0]["code"] == "small" and lines[0]["probabilities"]["nv"] == 0.5


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_of_nothing_is_a_whole_file(store: Store, name: str) -> None:
    data = b"".join(EXPORTS[name][1](store, []))
    if name.endswith(".zip"):
        assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    elif name.endswith(".parquet"):
        assert parquet.read_table(io.BytesIO(data)).num_rows == 0


def test_images_stand_once_each_in_the_zip(store: Store, add: Add) -> None:
    first, _, third = add(seed=1), add(seed=1), add(seed=2)
    lost = add(seed=3)
    store.files.place.remove(store.files.image(lost.sha256))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(images_zip(store, everything(store)))))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == sorted(
        [f"images/{first.sha256}.webp", f"images/{third.sha256}.webp", "predictions.csv"]
    )
    assert archive.read(f"images/{first.sha256}.webp") == store.image(first.id)
    assert len(archive.read("predictions.csv").splitlines()) == 5


def test_training_prepares_the_dataset_of_confirmed_cases_as_it_is(
    store: Store, add: Add, tmp_path: Path
) -> None:
    codes = ("mel", "nv", "bkl", "bcc")
    for seed in range(8):
        context = Context(patient="P1", lesion=f"L{seed // 2}", age=40 + seed, sex="female", site="back")
        record = add(
            seed=seed, context=context if seed < 6 else Context(patient=f"P{seed}", site="Anna's arm")
        )
        add_review(store, [record.id], "Anna", codes[seed % 4], "histology" if seed % 2 else "follow-up")
    add(seed=50)
    # The same image once more, confirmed otherwise and later; and one whose confirmation was taken back.
    again, back = add(seed=0, context=Context(patient="P1")), add(seed=60)
    add_review(store, [again.id], "Ben", "df", "expert")
    add_review(store, [back.id], "Ben", "df", "expert")
    add_review(store, [back.id], "Ben", source="withdrawn")
    # Of somebody who does not consent, and of nobody.
    for seed, context in ((70, Context(patient="P-no")), (71, Context())):
        add_review(store, [add(seed=seed, context=context).id], "Ben", "mel", "histology")
    consent(store, "P1", "P6", "P7")
    zipfile.ZipFile(io.BytesIO(b"".join(dataset_zip(store, everything(store))))).extractall(tmp_path / "set")
    assert (tmp_path / "set/left-out.txt").read_text().startswith("2 confirmed photographs are left out")
    prepared = prepare(
        read_cases([tmp_path / "set/metadata.csv"], [tmp_path / "set/images"]), tmp_path / "prepared"
    )
    cases = prepared.cases.set_index("image_id")
    assert len(cases) == 8 and sorted(cases["label"]) == sorted([*codes, *codes[1:], "df"])
    assert cases.loc[again.id, "confirmation"] == "consensus" and cases.loc[again.id, "lesion_id"] == again.id
    assert cases["lesion_id"].value_counts().tolist() == [2, 2, 1, 1, 1, 1]
    assert set(cases["sex"]) == {"female", "unknown"} and set(cases["site"]) == {"back", "unknown"}
    # Whoever it is stays on one side of the split.
    assert cases["patient_id"].nunique() == 3 and cases.groupby("patient_id")["split"].nunique().max() == 1
    people = Patients(store)
    trails = [people.history(people.find(name)[0].id) for name in ("P1", "P6", "P-no")]
    exports = [[line.detail["export"] for line in trail if line.action == "exported"] for trail in trails]
    assert exports[0] == exports[1] == cases["export"].unique().tolist() and exports[2] == []


def test_an_export_is_written_whole_and_over_nothing(store: Store, add: Add, tmp_path: Path) -> None:
    add()
    write_export(store, Query(), tmp_path / "out/all.csv")
    assert len((tmp_path / "out/all.csv").read_text().splitlines()) == 2
    with pytest.raises(StoreError, match="exists already"):
        write_export(store, Query(), tmp_path / "out/all.csv")
    with pytest.raises(StoreError, match="ending"):
        write_export(store, Query(), tmp_path / "all.xlsx")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["all.csv"]
