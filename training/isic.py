"""Images and metadata from the ISIC Archive (api.isic-archive.com, API v2), into a folder that `prepare` reads.

    OUT/
      images/<isic_id>.jpg   every image, checked
      metadata.csv           the columns of isic-cli, and `file`, each image's place in this folder
      attribution.txt        the licences, and to whom the images are owed
      records.jsonl          what the archive says of each image, in full: the list that a new start goes on with

Two passes: the list first, page by page along the `next` cursor, then the files, several at a time. Whatever stops it,
the same command goes on: pages and files that are there are not fetched again.
"""

import json
import time
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
from training.cases import usable_rows
from training.files import write_whole_file
from training.tables.text import CaseTable

API = "https://api.isic-archive.com/api/v2/"
TIMEOUT = (10, 60)
RETRIES = 6
AT_ONCE = 6
PAGE = 100
FIELDS = (
    "isic_id",
    "file",
    "attribution",
    "copyright_license",
    "image_type",
    *(f"diagnosis_{level}" for level in range(1, 6)),
    "diagnosis",
    "benign_malignant",
    "diagnosis_confirm_type",
    "lesion_id",
    "age_approx",
    "sex",
    "anatom_site_general",
    "anatom_site_1",
)


class DownloadError(RuntimeError):
    """The archive cannot be read, or some images could not be fetched; the message says what to do."""


@dataclass(frozen=True)
class DownloadQuery:
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


def archive_session(pause: float = 1.0) -> requests.Session:
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


def download_images(wanted: DownloadQuery, out: Path, api: str = API, pause: float = 1.0) -> pd.DataFrame:
    """Fetch what is wanted, or go on with it, and write the metadata table of what is there.

    Returns:
        The table that was written: one row an image that is known to be benign or malignant, with FIELDS as text.

    Raises:
        DownloadError: the archive cannot be reached or refuses; or some images failed after all tries, the others being
            in place.
    """
    out.mkdir(parents=True, exist_ok=True)
    with archive_session(pause) as connection:
        try:
            records = list_records(wanted, out, api, connection)
        except requests.RequestException as error:
            raise DownloadError(f"The archive's list cannot be read: {error}. Try again later.") from error
        chosen = [
            one for one in records if not wanted.licences or one["copyright_license"] in wanted.licences
        ]
        if len(records) > len(chosen):
            left_out = len(records) - len(chosen)
            print(f"{left_out} of {len(records)} images have another licence and are left out.")
        if not chosen:
            raise DownloadError("Nothing in the archive matches this query, these collections and licences.")
        path = out / "metadata.csv"
        table = pd.DataFrame([record_row(one) for one in chosen], dtype="str")
        table = table.loc[usable_rows(CaseTable(path, table)).index]
        fetching = [one for row, one in enumerate(chosen) if row in table.index]
        failed = fetch_all(fetching, out / "images", connection, pause)
    table = table[~table["isic_id"].isin(failed.keys())]
    write_whole_file(path, lambda partial: table.to_csv(partial, index=False))
    write_whole_file(out / "attribution.txt", lambda partial: partial.write_text(attributions(table)))
    if failed:
        name, why = next(iter(failed.items()))
        raise DownloadError(
            f"{len(failed)} of {len(fetching)} images could not be fetched, {name} among them ({why}). "
            "The same command tries them again."
        )
    return table


def list_records(
    wanted: DownloadQuery, out: Path, api: str, connection: requests.Session
) -> list[dict[str, Any]]:
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
    write_whole_file(path, lambda partial: partial.write_text("".join(line + "\n" for line in lines)))
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
            keep_file(mark, json.dumps(state).encode())
            bar.total = body.get("count") or bar.total
            bar.update(len(body["results"]))
    return records[: wanted.limit]


def fetch_all(
    records: list[dict[str, Any]], folder: Path, connection: requests.Session, pause: float
) -> dict[str, str]:
    """Fetch the files that are not there yet; the ids that failed after all tries, and why."""
    folder.mkdir(parents=True, exist_ok=True)
    failed: dict[str, str] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = {pool.submit(fetch_image, one, folder, connection, pause): one["isic_id"] for one in records}
        try:
            for job in tqdm(as_completed(jobs), total=len(jobs), desc="fetch", unit="image"):
                if (why := job.result()) is not None:
                    failed[jobs[job]] = why
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failed


def fetch_image(
    record: Mapping[str, Any], folder: Path, connection: requests.Session, pause: float
) -> str | None:
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
            keep_file(path, answer.content)
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


def keep_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    write_whole_file(path, lambda partial: partial.write_bytes(data))


def record_row(record: Mapping[str, Any]) -> dict[str, str]:
    """A record in FIELDS, as `training.tables.layouts` reads it; what the archive does not know is empty."""
    known = record.get("metadata", {})
    facts = {**known.get("acquisition", {}), **known.get("clinical", {}), **record}
    facts["file"] = f"images/{record['isic_id']}.jpg"
    return {name: "" if facts.get(name) is None else str(facts[name]) for name in FIELDS}


def attributions(table: pd.DataFrame) -> str:
    """The licences of a table's images, each with those to whom they are owed: what a model's card must name."""
    return "".join(
        f"{licence} ({len(rows)} images): {'; '.join(sorted(set(rows['attribution'])))}\n"
        for licence, rows in table.groupby("copyright_license")
    )
