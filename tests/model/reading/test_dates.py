"""When a photograph was taken, and what its dermatoscope did, as far as the file says so."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.images import decode
from model.reading.dates import dicom_moment, iso_moment
from tests.files import lesion, saved
from tests.model.test_formats import dicom

DETAILS, ORIGINAL, OFFSET, DIGITISED, CHANGED = 0x8769, 0x9003, 0x9011, 0x9004, 0x0132
PIXELS = np.asarray(lesion().resize((200, 150)))


def with_exif(kind: str, times: dict[int, str], changed: str = "", **options: object) -> bytes:
    """A photograph with these fields of EXIF."""
    exif = Image.Exif()
    exif.get_ifd(DETAILS).update(times)
    if changed:
        exif[CHANGED] = changed
    return saved(lesion(), kind, exif=exif, **options)


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        ({ORIGINAL: "2026:11:26 09:31:05"}, "2026-11-26T09:31:05"),
        ({ORIGINAL: "2026:11:26 09:31:05", OFFSET: "+01:00"}, "2026-11-26T09:31:05+01:00"),
        ({ORIGINAL: "2026:11:26 09:31:05", OFFSET: "CET"}, "2026-11-26T09:31:05"),
        ({DIGITISED: "2025-03-12 10:00:00"}, "2025-03-12T10:00:00"),
        ({ORIGINAL: "0000:00:00 00:00:00", DIGITISED: "2025:03:12 10:00:00"}, None),
        ({ORIGINAL: "    :  :     :  :  "}, None),
        ({ORIGINAL: "1812:01:01 00:00:00"}, None),
        ({ORIGINAL: "2026:02:30 00:00:00"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_says_when_a_photograph_was_taken(kind: str, times: dict[int, str], taken: str | None) -> None:
    found = decode(with_exif(kind, times, changed="2026:12:24 20:00:00"))
    assert found.taken == taken
    # The kept file has nothing of it.
    assert found.jpeg is None or not Image.open(io.BytesIO(found.jpeg)).getexif()


def test_a_progressive_photograph_says_it_from_the_helper() -> None:
    data = with_exif("JPEG", {ORIGINAL: "2026:11:26 09:31:05"}, progressive=True)
    assert decode(data).taken == "2026-11-26T09:31:05"


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"AcquisitionDateTime": "20261126093105.123456+0100"}, "2026-11-26T09:31:05+01:00"),
        ({"AcquisitionDate": "20261126", "AcquisitionTime": "093105"}, "2026-11-26T09:31:05"),
        ({"AcquisitionDate": "20261126"}, "2026-11-26"),
        ({"AcquisitionDate": "20261126", "AcquisitionTime": "99"}, "2026-11-26"),
        ({"ContentDate": "20250312", "ContentTime": "1000"}, "2025-03-12T10:00:00"),
        ({"ContentDate": "20259999"}, None),
        ({}, None),
    ],
)
def test_dicom_says_when_a_photograph_was_taken(fields: dict[str, Any], taken: str | None) -> None:
    assert decode(dicom(PIXELS, **fields)).taken == taken


def test_dicom_says_what_the_dermatoscope_did() -> None:
    fields = {"LightSourcePolarization": "CROSS_POLARIZED"[:16], "ContactMethod": "CONTACT"}
    found = decode(dicom(PIXELS, OpticalMagnificationFactor="10", **fields))
    assert found.optics == {"polarisation": "cross_polarized", "contact": "contact", "magnification": 10.0}
    assert decode(dicom(PIXELS)).optics == {}
    assert decode(dicom(PIXELS, OpticalMagnificationFactor="0")).optics == {}


def test_a_moment_has_one_form() -> None:
    assert iso_moment(" 2026-11-26T09:31Z ") == "2026-11-26T09:31:00Z"
    assert iso_moment("2026-11-26T09:31:05.5+00:00") == "2026-11-26T09:31:05Z"
    for wrong in ("", "2026", "2026-W48-4", "20261126", "2026-11-26 09:31", "2026-11-26T25:00", "0001-01-01"):
        with pytest.raises(ValueError):
            iso_moment(wrong)
    assert dicom_moment("2026") is None and dicom_moment("20261126") == "2026-11-26"
