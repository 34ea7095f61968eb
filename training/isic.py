"""Images and metadata from the ISIC Archive (api.isic-archive.com, API v2), into a folder that `prepare` reads.

    OUT/
      images/<isic_id>.jpg   every image, checked
      metadata.csv           the columns of HAM10000_metadata.csv, and each image's licence and attribution
      attribution.txt        the licences, and to whom the images are owed
      records.jsonl          what the archive says of each image, in full: the list that a new start goes on with

Two passes: the list first, page by page along the `next` cursor, then the files, several at a time. Whatever stops it,
the same command goes on: pages and files that are there are not fetched again.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.util.retry import Retry

from model.images import ImageError, decode
from training.files import replace

API = "https://api.isic-archive.com/api/v2/"
TIMEOUT = (10, 60)
RETRIES = 6
AT_ONCE = 6
PAGE = 100
# From the archive's names to the seven diagnoses, from the most specific field to the least. What is not here is left
# out: it would have to be guessed.
FIELDS = ("diagnosis_5", "diagnosis_4", "diagnosis_3", "diagnosis_2", "diagnosis")
LABELS: tuple[tuple[str, str], ...] = (
    ("melanoma", "mel"),
    ("basal cell carcinoma", "bcc"),
    ("actinic keratosis", "akiec"),
    ("squamous cell carcinoma in situ", "akiec"),
    ("bowen", "akiec"),
    ("seborrheic keratosis", "bkl"),
    ("pigmented benign keratosis", "bkl"),
    ("solar lentigo", "bkl"),
    ("lichen planus like keratosis", "bkl"),
    ("dermatofibroma", "df"),
    ("angioma", "vasc"),
    ("angiokeratoma", "vasc"),
    ("pyogenic granuloma", "vasc"),
    ("vascular", "vasc"),
    ("nevus", "nv"),
)
CONFIRMATIONS = {
    "histopathology": "histo",
    "serial imaging showing no change": "follow_up",
    "single image expert consensus": "consensus",
    "confocal microscopy with consensus dermoscopy": "confocal",
}


class DownloadError(RuntimeError):
    """The archive cannot be read, or some images could not be fetched; the message says what to do."""


@dataclass(frozen=True)
class Wanted:
    """What to fetch.

    Attributes:
        query: in the archive's own search language, such as `image_type:dermoscopic AND diagnosis_3:Nevus`.
        collections: ids of collections, joined by commas; empty for all.
        licences: such as ("CC-0",); empty for all.
        limit: at most so many images; None for all.
    """

    query: str = ""
    collections: str = ""
    licences: tuple[str, ...] = ()
    limit: int | None = None


def session(pause: float = 1.0) -> requests.Session:
    """Connections that wait and try again where the archive is busy or stumbles, as long as it asks for.

    Args:
        pause: seconds before the second try; doubled for each further one.
    """
    retry = Retry(
        total=RETRIES,
        backoff_factor=pause,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET",),
        respect_retry_after_header=True,
    )
    opened = requests.Session()
    adapter = HTTPAdapter(max_retries=retry, pool_maxsize=AT_ONCE)
    opened.mount("https://", adapter)
    opened.mount("http://", adapter)
    opened.headers["User-Agent"] = "dermaboard"
    return opened


def download(wanted: Wanted, out: Path, api: str = API, pause: float = 1.0) -> pd.DataFrame:
    """Fetch what is wanted, or go on with it, and write the metadata table of what is there.

    Returns:
        The table that was written: one row an image whose diagnosis is one of the seven.

    Raises:
        DownloadError: the archive cannot be reached or refuses; or some images failed after all tries, the others being
            in place.
    """
    out.mkdir(parents=True, exist_ok=True)
    with session(pause) as connection:
        try:
            records = listed(wanted, out, api, connection)
        except requests.RequestException as error:
            raise DownloadError(f"The archive's list cannot be read: {error}. Try again later.") from error
        chosen = [
            one for one in records if not wanted.licences or one["copyright_license"] in wanted.licences
        ]
        labelled = [one for one in chosen if label_of(clinical(one))]
        report_left_out(len(records), chosen, labelled)
        failed = fetch_all(labelled, out / "images", connection, pause)
    there = [one for one in labelled if one["isic_id"] not in failed]
    if not there and not failed:
        raise DownloadError("Nothing in the archive matches this query, these collections and licences.")
    table = pd.DataFrame([table_row(one) for one in there])
    replace(out / "metadata.csv", lambda path: table.to_csv(path, index=False))
    replace(out / "attribution.txt", lambda path: path.write_text(attributions(table) if len(table) else ""))
    if failed:
        name, why = next(iter(failed.items()))
        raise DownloadError(
            f"{len(failed)} of {len(labelled)} images could not be fetched, {name} among them ({why}). "
            "The same command tries them again."
        )
    return table


def listed(wanted: Wanted, out: Path, api: str, connection: requests.Session) -> list[dict[str, Any]]:
    """The archive's records of what is wanted, from the folder as far as they are there."""
    path, mark = out / "records.jsonl", out / "list.json"
    asked = {"query": wanted.query, "collections": wanted.collections, "api": api}
    state: dict[str, Any] = json.loads(mark.read_text()) if mark.exists() else {}
    if state and state["asked"] != asked:
        raise DownloadError(f"{out} holds another download. Choose another folder, or delete it.")
    if not state:
        path.write_text("")
        state = {"asked": asked, "next": f"{api}images/search/", "lines": 0}
    # A page whose mark was not written yet is fetched once more.
    lines = path.read_text().splitlines()[: state["lines"]]
    records = [json.loads(line) for line in lines]
    replace(path, lambda partial: partial.write_text("".join(line + "\n" for line in lines)))
    with path.open("a") as file, tqdm(initial=len(records), desc="list", unit="image") as bar:
        while state["next"] and not (wanted.limit and len(records) >= wanted.limit):
            first = not records and state["next"].endswith("/search/")
            parameters = {"query": wanted.query, "collections": wanted.collections, "limit": str(PAGE)}
            page = connection.get(state["next"], params=parameters if first else None, timeout=TIMEOUT)
            if page.status_code == 400:
                raise DownloadError(f"The archive does not understand the query {wanted.query!r}.")
            page.raise_for_status()
            body = page.json()
            file.writelines(json.dumps(one) + "\n" for one in body["results"])
            file.flush()
            records += body["results"]
            state |= {"next": body["next"], "lines": len(records)}
            keep(mark, json.dumps(state).encode())
            bar.total = body.get("count") or bar.total
            bar.update(len(body["results"]))
    return records[: wanted.limit]


def report_left_out(total: int, licensed: list[dict[str, Any]], labelled: list[dict[str, Any]]) -> None:
    """Say how many images are left out, and why."""
    if total > len(licensed):
        print(f"{total - len(licensed)} of {total} images have another licence and are left out.")
    other = Counter(diagnosis_of(clinical(one)) for one in licensed if not label_of(clinical(one)))
    if other:
        most = ", ".join(f"{name or 'none given'} ({count})" for name, count in other.most_common(5))
        print(f"{other.total()} images have a diagnosis outside of the seven and are left out: {most}.")


def fetch_all(
    records: list[dict[str, Any]], folder: Path, connection: requests.Session, pause: float
) -> dict[str, str]:
    """Fetch the files that are not there yet; the ids that failed after all tries, and why."""
    folder.mkdir(parents=True, exist_ok=True)
    failed: dict[str, str] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = {pool.submit(fetch, one, folder, connection, pause): one["isic_id"] for one in records}
        try:
            for job in tqdm(as_completed(jobs), total=len(jobs), desc="fetch", unit="image"):
                if (why := job.result()) is not None:
                    failed[jobs[job]] = why
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failed


def fetch(record: Mapping[str, Any], folder: Path, connection: requests.Session, pause: float) -> str | None:
    """Fetch one image file, whole and valid or not at all; why it failed."""
    name, file = record["isic_id"], record["files"]["full"]
    if not name.replace("_", "").isalnum():
        return "its id is no file name"
    path = folder / f"{name}.jpg"
    if path.exists() and path.stat().st_size == file["size"]:
        return None
    why = ""
    for attempt in range(RETRIES):
        try:
            answer = connection.get(file["url"], timeout=TIMEOUT)
            answer.raise_for_status()
            if len(answer.content) != file["size"]:
                raise OSError(f"{len(answer.content)} bytes came instead of {file['size']}")
            decode(answer.content)
            keep(path, answer.content)
            return None
        except ImageError as error:
            return str(error)
        except requests.HTTPError as error:
            return str(error)
        # A connection that breaks in the middle of a file, too: the session's own retries end with the headers.
        except OSError as error:
            why = str(error)
            time.sleep(pause * 2**attempt)
    return why


def keep(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    replace(path, lambda partial: partial.write_bytes(data))


def clinical(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the archive knows of the lesion."""
    found: Mapping[str, Any] = record.get("metadata", {}).get("clinical", {})
    return found


def diagnosis_of(facts: Mapping[str, Any]) -> str | None:
    """The archive's most specific name of the diagnosis."""
    return next((facts[name] for name in FIELDS if facts.get(name)), None)


def label_of(facts: Mapping[str, Any]) -> str | None:
    """One of the seven codes, or None for a diagnosis that is none of them."""
    for name in FIELDS:
        value = str(facts.get(name) or "").lower()
        for part, code in LABELS:
            if part in value:
                return code
    return None


def table_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as `training.cases.read_metadata` reads it, with what its licence demands."""
    facts = clinical(record)
    return {
        # An image without a lesion id is a lesion of its own.
        "lesion_id": facts.get("lesion_id") or record["isic_id"],
        "image_id": record["isic_id"],
        "dx": label_of(facts),
        "dx_type": CONFIRMATIONS.get(facts.get("diagnosis_confirm_type") or "", "unknown"),
        "age": facts.get("age_approx"),
        "sex": facts.get("sex") or "unknown",
        "localization": facts.get("anatom_site_general") or "unknown",
        "diagnosis": diagnosis_of(facts),
        "licence": record["copyright_license"],
        "attribution": record["attribution"],
    }


def attributions(table: pd.DataFrame) -> str:
    """The licences of a table's images, each with those to whom they are owed: what a model's card must name."""
    return "".join(
        f"{licence} ({len(rows)} images): {'; '.join(sorted(set(rows['attribution'])))}\n"
        for licence, rows in table.groupby("licence")
    )
