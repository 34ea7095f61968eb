"""When a photograph was taken, as its file says it: a date, or a time with or without its zone, in ISO 8601."""

import re
from datetime import date, datetime

from PIL import Image

EXIF = 0x8769
# When it was taken and, for a scan, when it was digitised, each with its offset from UTC. When the file was last
# changed says neither.
TIMES = ((0x9003, 0x9011), (0x9004, 0x9012))
EXIF_TIME = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d:\d\d:\d\d)")
OFFSET = re.compile(r"[+-]\d\d:\d\d")
DICOM_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(?:\.\d{1,6})?)?(?:([+-]\d\d)(\d\d))?)?")
WRITTEN = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?")
EARLIEST = date(1900, 1, 1)


def iso_moment(text: str) -> str:
    """A date or a time of ISO 8601 in one form: to the second, UTC as Z. Raises ValueError for anything else."""
    text = text.strip()
    if not WRITTEN.fullmatch(text):
        raise ValueError("it is a date or a time like 2026-11-26 or 2026-11-26T09:31")
    if "T" not in text:
        day = date.fromisoformat(text)
        written = day.isoformat()
    else:
        moment = datetime.fromisoformat(text).replace(microsecond=0)
        day, written = moment.date(), moment.isoformat().replace("+00:00", "Z")
    if day < EARLIEST:
        raise ValueError("it lies before 1900")
    return written


def exif_moment(image: Image.Image) -> str | None:
    """When a photograph was taken by its EXIF; None where it does not say so, or says nonsense."""
    # Damaged EXIF breaks in many ways, and the picture is whole.
    try:
        fields = image.getexif().get_ifd(EXIF)
        for time, offset in TIMES:
            if found := EXIF_TIME.match(str(fields.get(time, ""))):
                zone = str(fields.get(offset, "")).strip("\0 ")
                zone = zone if OFFSET.fullmatch(zone) else ""
                return iso_moment(f"{found[1]}-{found[2]}-{found[3]}T{found[4]}{zone}")
    except Exception:
        return None
    return None


def dicom_moment(text: str) -> str | None:
    """A date of DICOM, perhaps with a time behind it; None for nonsense."""
    found = DICOM_TIME.fullmatch(text.strip("\0 "))
    if found is None:
        return None
    year, month, day, hour, minute, second, zone, rest = found.groups()
    time = f"T{hour}:{minute}:{second or '00'}" if hour else ""
    try:
        return iso_moment(f"{year}-{month}-{day}{time}{f'{zone}:{rest}' if zone else ''}")
    except ValueError:
        return None
