"""The download against a small server that speaks the archive's API, stumbling as the real one may."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pandas as pd
import pytest

from model.images import encode
from training.cases import read_cases
from training.isic import DownloadError, DownloadQuery, download_images

DIAGNOSES = ("Nevus", "Melanoma in situ", "Basal cell carcinoma", "Epidermal nevus", None)
PER_PAGE = 4
ALL = DownloadQuery()


class Archive(ThreadingHTTPServer):
    """Fourteen images on four pages; `faults` names paths that fail, and how, so many times."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.faults: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()
        rng = np.random.default_rng(0)
        self.files = {
            f"ISIC_{n:07}": encode(rng.integers(0, 255, (64, 80, 3), dtype=np.uint8)) for n in range(14)
        }

    def record(self, name: str) -> dict[str, Any]:
        number = int(name[5:])
        return {
            "isic_id": name,
            "public": True,
            "copyright_license": "CC-0" if number % 2 else "CC-BY-NC",
            "attribution": f"Clinic {number % 3}",
            "files": {"full": {"url": f"{self.address}/files/{name}.jpg", "size": len(self.files[name])}},
            "metadata": {
                "acquisition": {"image_type": "clinical: close-up" if number == 1 else "dermoscopic"},
                "clinical": {
                    "diagnosis_3": DIAGNOSES[number % 5],
                    "age_approx": 50,
                    "sex": "female",
                    "anatom_site_general": "anterior torso",
                    "diagnosis_confirm_type": "histopathology",
                    **({"lesion_id": "IL_1"} if number < 6 else {}),
                },
            },
        }


class Handler(BaseHTTPRequestHandler):
    """Answers as the archive does."""

    server: Archive

    def do_GET(self) -> None:
        address = urlparse(self.path)
        self.server.asked[address.path] += 1
        faults = self.server.faults.get(address.path, [])
        fault = faults.pop(0) if faults else ""
        if fault.isdigit():
            self.send_response(int(fault))
            if fault == "429":
                self.send_header("Retry-After", "0")
            self.end_headers()
            return
        if address.path.startswith("/files/"):
            body = self.server.files[Path(address.path).stem]
        else:
            asked = parse_qs(address.query)
            names = sorted(self.server.files)
            start = int(asked.get("cursor", ["0"])[0])
            more = start + PER_PAGE < len(names)
            following = f"{self.server.address}/api/v2/images/search/?cursor={start + PER_PAGE}"
            page = [self.server.record(name) for name in names[start : start + PER_PAGE]]
            answer = {
                "count": len(names),
                "next": following if more else None,
                "previous": None,
                "results": page,
            }
            body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


@pytest.fixture
def archive() -> Iterator[Archive]:
    server = Archive()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def fetched(archive: Archive, out: Path, wanted: DownloadQuery = ALL) -> pd.DataFrame:
    return download_images(wanted, out, archive.address + "/api/v2/", pause=0.01)


def test_a_download_is_what_prepare_reads(archive: Archive, tmp_path: Path) -> None:
    table = fetched(archive, tmp_path)
    # Of two of the fourteen the archive says nothing.
    cases = read_cases([tmp_path / "metadata.csv"], []).set_index("image_id")
    assert len(table) == len(cases) == 12 and set(cases["label"]) == {"nv", "mel", "bcc", "unknown"}
    assert cases["label"]["ISIC_0000003"] == "unknown" and not cases["malignant"]["ISIC_0000003"]
    assert set(cases["confirmation"]) == {"histo"} and cases["modality"]["ISIC_0000001"] == "close-up"
    assert (cases["lesion_id"] == "IL_1").sum() == 5 and cases["lesion_id"].nunique() == 8
    assert set(cases["licence"]) == {"CC-0", "CC-BY-NC"} and set(cases["age"]) == {50}
    assert Path(cases["path"]["ISIC_0000003"]).read_bytes() == archive.files["ISIC_0000003"]
    assert "CC-0 (6 images): Clinic 0; Clinic 1; Clinic 2" in (tmp_path / "attribution.txt").read_text()


def test_only_the_licences_asked_for(archive: Archive, tmp_path: Path) -> None:
    table = fetched(archive, tmp_path, DownloadQuery(licences=("CC-0",)))
    assert (
        set(table["copyright_license"]) == {"CC-0"}
        and len(list((tmp_path / "images").iterdir())) == len(table) == 6
    )


def test_faults_are_waited_out(archive: Archive, tmp_path: Path) -> None:
    archive.faults = {
        "/api/v2/images/search/": ["429", "503"],
        "/files/ISIC_0000000.jpg": ["500", "429", "cut"],
        "/files/ISIC_0000001.jpg": ["cut", "cut"],
    }
    assert len(fetched(archive, tmp_path)) == 12
    assert (tmp_path / "images" / "ISIC_0000001.jpg").read_bytes() == archive.files["ISIC_0000001"]


def test_what_fails_is_named_and_tried_again(archive: Archive, tmp_path: Path) -> None:
    archive.faults = {"/files/ISIC_0000002.jpg": ["404"]}
    archive.files["ISIC_0000007"] = b"no image at all"
    with pytest.raises(DownloadError, match="2 of 12"):
        fetched(archive, tmp_path)
    # The others are there, and the table names only them.
    assert len(read_cases([tmp_path / "metadata.csv"], [])) == 10
    assert not list(tmp_path.rglob("partial-*"))
    archive.asked.clear()
    with pytest.raises(DownloadError, match="ISIC_0000007"):
        fetched(archive, tmp_path)
    # Nothing that was there is fetched again, neither a page nor a file.
    assert set(archive.asked) == {"/files/ISIC_0000002.jpg", "/files/ISIC_0000007.jpg"}


def test_an_interrupted_list_goes_on(archive: Archive, tmp_path: Path) -> None:
    archive.faults = {"/api/v2/images/search/": ["", "", "403"]}
    with pytest.raises(DownloadError, match="list"):
        fetched(archive, tmp_path)
    with (tmp_path / "records.jsonl").open("a") as file:
        file.write('{"isic_id": "half a li')
    archive.asked.clear()
    assert len(fetched(archive, tmp_path)) == 12
    assert archive.asked["/api/v2/images/search/"] == 2
    with pytest.raises(DownloadError, match="another download"):
        fetched(archive, tmp_path, DownloadQuery(query="sex:male"))


def test_a_limit_and_an_empty_answer(archive: Archive, tmp_path: Path) -> None:
    assert len(fetched(archive, tmp_path / "five", DownloadQuery(limit=4))) == 4
    with pytest.raises(DownloadError, match="Nothing"):
        fetched(archive, tmp_path / "none", DownloadQuery(licences=("GPL",)))
