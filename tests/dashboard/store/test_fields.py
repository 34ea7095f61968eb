"""A field of the context is one line: with it and a migration, everything that shows, takes or keeps fields has it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dashboard.settings import Settings
from dashboard.store import Context, InputError

ROOT = Path(__file__).parents[3]
FIELD = """    phototype: Literal["one", "two"] | None = context_field(
        "Phototype", searched=True, filter="values", heading="Phototype", below="age", later=True
    )
    clinic: str | None = context_field("Clinic", longest=64, filter="values", later=True)
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{last}", None, None


def upgrade() -> None:
    op.add_column("predictions", sa.Column("phototype", sa.String(16)))
    op.add_column("predictions", sa.Column("clinic", sa.String(64)))
    op.create_index("ix_predictions_by_clinic", "predictions", ["clinic", "created", "seq"])
"""
USE = """
import io, json, sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from dashboard.app import create_app
from dashboard.history.filters import SORTS
from dashboard.history.grid import grid_columns, grid_row
from dashboard.predict.batch import batch_csv
from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.shell.review_form import change_words
from dashboard.shell.text import context_words
from dashboard.store import Query, Search
from dashboard.store.backup import write_backup
from dashboard.store.backup_rows import PredictionRow
from dashboard.store.export import csv_table
from dashboard.store.schema import metadata
from dashboard.store.text_index import INDEX

services = build_services(Settings.model_validate_json(sys.argv[1]))
app = create_app(services=services)
# Pages register with an application.
from dashboard.case.page import sections
from dashboard.history.page import layout
from dashboard.predict.page import layout as predict_layout
client, address = app.server.test_client(), "/api/v1/predictions"
file = (io.BytesIO(Path(sys.argv[2]).read_bytes()), "a.jpg")
sent = client.post(address, data={"file": file, "phototype": "two", "clinic": "Clinic North"})
assert sent.status_code == 201, sent.text
place = f"{address}/{sent.json['id']}"
refused = client.patch(place, json={"context": {"phototype": "three"}})
changed = client.patch(place, json={"context": {"phototype": "one"}})
record, known = services.store.get(sent.json["id"]), services.known
with app.server.test_request_context("/"):
    pages = {
        "form": str(predict_layout().to_plotly_json()),
        "case": str([part.to_plotly_json() for part in sections(record, "")]),
        "filter": str(layout().to_plotly_json()),
    }
write_backup(services.store, Path(sys.argv[3]))
line = services.store.audit(record.id)[-1]
with services.store.reading() as connection:
    options = {"include_name": lambda name, kind, _: not (name or "").startswith(INDEX)}
    migration = MigrationContext.configure(connection, opts=options)
    missing = [str(one) for one in compare_metadata(migration, metadata)]
print(json.dumps(pages | {
    "missing": missing,
    "sent": sent.json["context"]["phototype"],
    "refused": refused.json["detail"],
    "changed": changed.json["context"]["phototype"],
    "found": [client.get(f"{address}?phototype={value}").json["total"] for value in ("one", "two")],
    "searched": services.store.page(Query(filters=(Search("one"),))).total,
    "schemas": [
        name for name, schema in client.get("/api/v1/openapi.json").json["components"]["schemas"].items()
        if "phototype" in schema.get("properties", {})
    ],
    "table": b"".join(csv_table(services.store, [record])).decode(),
    "list": batch_csv([("a.jpg", "", record)], known),
    "grid": [column["headerName"] for column in grid_columns(("created", "desc"))],
    "cell": grid_row(record, known.every)["phototype"],
    "report": context_words(record.context),
    "needed": PredictionRow.model_fields["phototype"].is_required(),
    "audit": change_words("phototype", line.detail["phototype"], known.every),
}))
"""


@pytest.fixture(scope="module")
def dashboard_with_a_field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the dashboard that has two fields more."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "dashboard", folder / "dashboard", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "assets").symlink_to(ROOT / "assets")
    definition = folder / "dashboard/store/fields.py"
    # The first note is that of a case.
    before, last = definition.read_text(encoding="utf-8").split("    note: str | None", 1)
    definition.write_text(f"{before}{FIELD}    note: str | None{last}", encoding="utf-8")
    versions = folder / "dashboard/store/migrations/versions"
    newest = max(path.name[:4] for path in versions.glob("[0-9]*.py"))
    (versions / "9999_phototype.py").write_text(MIGRATION.format(last=newest), encoding="utf-8")
    return folder


def test_a_field_is_one_line_and_a_migration(
    dashboard_with_a_field: Path, settings: Settings, lesion_jpeg: bytes, tmp_path: Path
) -> None:
    photograph, backup = tmp_path / "a.jpg", tmp_path / "backup.tar"
    photograph.write_bytes(lesion_jpeg)
    arguments = [settings.model_dump_json(exclude_unset=True), str(photograph), str(backup)]
    done = subprocess.run(
        [sys.executable, "-c", USE, *arguments],
        cwd=dashboard_with_a_field,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(dashboard_with_a_field), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    # A text has an index, from which its values are read.
    assert said["missing"] == []
    assert (said["sent"], said["changed"], said["cell"]) == ("two", "one", "one")
    assert "phototype" in said["refused"]
    assert said["found"] == [1, 0] and said["searched"] == 1
    assert {"NewPrediction", "ContextChange", "LesionContext"} <= set(said["schemas"])
    assert "'phototype'" in said["form"] and "context-phototype" in said["case"]
    assert "history-phototype" in said["filter"]
    # The values of a text are those that predictions have.
    assert "history-clinic" in said["filter"] and "'Clinic North'" in said["filter"]
    assert "Phototype" in said["grid"]
    for table in (said["table"], said["list"]):
        heads, cells = (line.split(",") for line in table.splitlines())
        assert dict(zip(heads, cells, strict=True))["phototype"] == "one"
    assert said["report"] == "one, Clinic North"
    # A backup from before has none of it.
    assert not said["needed"]
    assert said["audit"] == "phototype two → one"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"age": 121}, "The age is a whole number of years from 0 to 120."),
        ({"age": True}, "The age is a whole number"),
        ({"sex": "x"}, "The sex is one of female, male, other, or left out."),
        ({"site": "x" * 65}, "The body site has 65 characters; 64 is the most."),
        ({"lesion": "x" * 129}, "The lesion reference has 129 characters"),
        ({"note": "x" * 4001}, "The note has 4,001 characters"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Context(**values)


def test_values_are_kept_clean() -> None:
    kept = Context(site=" back\u202e ", lesion="", note="one\r\ntwo\t")
    assert (kept.site, kept.lesion, kept.note) == ("back", None, "one\ntwo")
