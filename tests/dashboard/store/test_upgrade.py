"""What an earlier version has left: its data folder opens, is upgraded and answers, and its backup is restored.

`earlier.tar.xz` was made by the version before photographs were kept without loss: `data/`, `backup.tar` of the same
predictions, and `expected.json` with what the API said of them.
"""

import hashlib
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text, update

from dashboard.app import make_server
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.store import Query, Search, Store, database
from dashboard.store.backup import write_backup
from dashboard.store.export import csv_table
from dashboard.store.inspection import store_problems
from dashboard.store.patients import Patients
from dashboard.store.restore import restore_backup
from dashboard.store.schema import keys, predictions
from tests import files

EARLIER = Path(__file__).with_name("earlier.tar.xz")
PREDICTIONS = "/api/v1/predictions"


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The folder with everything of the earlier version."""
    with tarfile.open(EARLIER) as archive:
        archive.extractall(tmp_path / "earlier", filter="data")
    return tmp_path / "earlier"


@pytest.fixture
def expected(earlier: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((earlier / "expected.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def settings(earlier: Path, bundle_root: Path) -> Settings:
    return Settings(bundles=bundle_root, data_dir=earlier / "data", model="tiny", threads=1)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return make_server(services).test_client()


def test_a_data_folder_opens_and_answers_as_before(
    client: FlaskClient, services: Services, expected: dict[str, Any]
) -> None:
    for before in expected["predictions"]:
        address = f"{PREDICTIONS}/{before['id']}"
        # A measure of earlier versions, which is kept and no longer shown.
        del before["spread"]
        # A line around what the model looked at stands in its place.
        del before["links"]["heatmap"]
        now = client.get(address).get_json()
        assert now["links"].pop("outline") == f"{address}/outline"
        assert now["links"].pop("original") == f"{address}/original"
        # Fields that came later are empty.
        later = now["context"].keys() - before["context"].keys()
        assert not any(now["context"].pop(name) for name in later)
        assert {name: now[name] for name in before} == before
        for name in ("image", "thumbnail"):
            answer = client.get(f"{address}/{name}")
            assert answer.status_code == 200 and answer.data.startswith(b"\xff\xd8")
        assert services.store.heatmap(before["id"]).startswith(b"\x89PNG")
    assert client.get(f"{PREDICTIONS}/{expected['deleted']}").status_code == 404


def test_a_data_folder_of_before_takes_changes(client: FlaskClient, expected: dict[str, Any]) -> None:
    address = f"{PREDICTIONS}/{expected['predictions'][3]['id']}"
    review = {"reviewer": "Dora", "diagnosis": "mel", "source": "histology", "add_tags": ["late"]}
    after = client.patch(address, json={"context": {"age": 70}, "review": review}).get_json()
    assert (after["review"]["state"], after["context"]["age"]) == ("missed", 70)
    assert client.delete(address).status_code == 204
    assert client.get(PREDICTIONS).get_json()["total"] == len(expected["predictions"]) - 1


def test_its_lesions_are_of_patients_who_are_not_named(services: Services) -> None:
    people = Patients(services.store)
    records = list(services.store.stream(Query()))
    named = [record for record in records if record.context.lesion]
    assert named and len({record.lesion_id for record in named}) == len({one.context.lesion for one in named})
    for record in records:
        assert (record.lesion_id is None) is (record.context.lesion is None)
        assert record.context.patient is None and record.context.taken is None
    for record in named:
        lesion = people.lesion(record.lesion_id or "")
        assert lesion.details.name == record.context.lesion
        assert people.get(lesion.patient_id).details.identifier is None
    assert not list(store_problems(services.store))


def test_the_lesions_of_the_bin_become_records_too(bare: Engine, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", "dashboard.store:migrations")
    binned = {
        "id": "1" * 36,
        "sha256": "0" * 64,
        "lesion": "L1",
        "binned": "2026-01-01",
        "who": "",
        "line": "{}",
    }
    with bare.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0015")
        names = ", ".join(binned), ", ".join(f":{name}" for name in binned)
        connection.execute(text(f"INSERT INTO bin ({names[0]}) VALUES ({names[1]})"), binned)
    database.migrate(bare)
    with bare.connect() as connection:
        found = text("SELECT name FROM lesions JOIN bin ON bin.lesion_id = lesions.id")
        assert connection.execute(found).scalars().all() == ["L1"]


def test_its_files_stay_and_nothing_is_lost(services: Services, expected: dict[str, Any]) -> None:
    assert services.store.sweep() == 0
    assert services.store.page(Query(filters=(Search("breslow"),))).total == 1
    (line,) = [line for line in services.store.audit(expected["deleted"]) if line.action == "deleted"]
    assert line.detail["model"] == "tiny"


def test_its_measures_of_before_stay_in_backups_and_out_of_tables(
    services: Services, store: Store, tmp_path: Path, expected: dict[str, Any]
) -> None:
    (measured,) = [one for one in expected["predictions"] if one["spread"] is not None]
    write_backup(services.store, tmp_path / "new.tar")
    restore_backup(store, tmp_path / "new.tar")
    columns = select(predictions.c.spread_low, predictions.c.spread_high)
    for here in (services.store, store):
        with here.reading() as connection:
            row = connection.execute(columns.where(predictions.c.id == measured["id"])).mappings().one()
        assert (row["spread_low"], row["spread_high"]) == tuple(measured["spread"].values())
        assert not list(store_problems(here))
    table = b"".join(csv_table(store, store.stream(Query()))).decode()
    assert measured["id"] in table and "spread" not in table


def test_a_key_of_before_stands_for_the_same_request(client: FlaskClient, services: Services) -> None:
    def send(key: str, **fields: str) -> Any:
        data = {"file": (BytesIO(files.jpeg()), "arm.jpg"), **fields}
        return client.post(PREDICTIONS, data=data, headers={"Idempotency-Key": key})

    first = send("k", note="itches").get_json()
    context = {"age": None, "sex": None, "site": None, "lesion": None, "note": "itches"}
    before = json.dumps(["arm.jpg", context, ["tiny", "sensitivity-95", "False"]], sort_keys=True)
    digest = hashlib.sha256(before.encode()).hexdigest()
    with services.store.writing() as connection:
        connection.execute(update(keys).values(request=digest))
    assert send("k", note="itches").get_json()["id"] == first["id"]
    assert send("k", note="bleeds").status_code == 409


def test_a_backup_of_before_is_restored(store: Store, earlier: Path, expected: dict[str, Any]) -> None:
    done = restore_backup(store, earlier / "backup.tar")
    assert (done.predictions, done.missing) == (len(expected["predictions"]), 0)
    records = {record.id: record for record in store.stream(Query())}
    assert {one["id"]: one["probability"] for one in expected["predictions"]} == {
        record.id: record.probability for record in records.values()
    }
    assert store.audit(expected["deleted"])
