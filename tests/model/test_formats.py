"""The less common files: BMP, HEIC from telephones, DICOM from clinics, and JPEGs that carry more than one picture."""

from io import BytesIO

import numpy as np
import pillow_heif
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from model.images import ENOUGH, ImageError, decode, encode

SCENE = np.kron(
    np.random.default_rng(0).integers(30, 220, (6, 8, 3), dtype=np.uint8), np.ones((16, 16, 1), np.uint8)
)
PATIENT = "Doe^Jane"


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def heic(pixels: np.ndarray, **options: object) -> bytes:
    pillow_heif.register_heif_opener(thumbnails=False)
    return saved(Image.fromarray(pixels), "HEIF", quality=95, chroma=444, **options)


def dicom(
    pixels: np.ndarray, syntax: str = uid.ExplicitVRLittleEndian, frame: bytes | None = None, **fields: object
) -> bytes:
    """A DICOM file of a photograph, with its patient's name in it; `frame` is the compressed picture inside."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = uid.VLPhotographicImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = uid.generate_uid()
    data.PatientName = PATIENT
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = bits, bits, bits - 1, 0
    data.PixelData = pixels.tobytes()
    if syntax == uid.RLELossless:
        data.compress(syntax)
    elif syntax in (uid.JPEGBaseline8Bit, uid.JPEG2000Lossless):
        kind = "JPEG" if syntax == uid.JPEGBaseline8Bit else "JPEG2000"
        options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {"mct": 1}
        frame = frame or saved(Image.fromarray(pixels), kind, **options)
        data.PixelData = pydicom.encaps.encapsulate([frame])
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
        data.PhotometricInterpretation = "YBR_FULL_422" if kind == "JPEG" else "YBR_RCT"
        data.file_meta.TransferSyntaxUID = syntax
    else:
        data.file_meta.TransferSyntaxUID = syntax
    for name, value in fields.items():
        setattr(data, name, value)
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_bmp_comes_back_as_it_was() -> None:
    found = decode(saved(Image.fromarray(SCENE), "BMP"))
    assert found.format == "BMP"
    np.testing.assert_array_equal(found.pixels, SCENE)


def test_heic_shows_the_scene_upright() -> None:
    found = decode(heic(SCENE))
    assert found.format == "HEIF" and found.pixels.shape == SCENE.shape
    assert np.abs(found.pixels.astype(int) - SCENE).mean() < 8
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = decode(heic(np.rot90(SCENE).copy(), exif=exif.tobytes()))
    assert turned.pixels.shape == SCENE.shape
    assert np.abs(turned.pixels.astype(int) - SCENE).mean() < 8


@pytest.mark.parametrize("keep", np.linspace(0.1, 0.9, 9))
def test_truncated_files_are_refused(keep: float) -> None:
    for whole in (heic(SCENE), dicom(SCENE), dicom(SCENE, uid.JPEGBaseline8Bit)):
        with pytest.raises(ImageError) as caught:
            decode(whole[: int(len(whole) * keep)])
        assert caught.value.code in ("truncated", "not_an_image", "unsupported")


def test_a_bomb_in_heic_is_refused_before_it_is_decoded() -> None:
    small = heic(np.zeros((64, 64, 3), np.uint8))
    # The announced size stands in the `ispe` box: version and flags, then width and height.
    place = small.index(b"ispe") + 8
    bomb = small[:place] + (20_000).to_bytes(4, "big") * 2 + small[place + 8 :]
    with pytest.raises(ImageError):
        decode(bomb)


@pytest.mark.parametrize(
    "syntax",
    [
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.RLELossless,
        uid.JPEGBaseline8Bit,
        uid.JPEG2000Lossless,
    ],
)
def test_dicom_photographs_lose_their_patient(syntax: str) -> None:
    data = dicom(SCENE, syntax)
    found = decode(data)
    assert found.format == "DICOM"
    assert np.abs(found.pixels.astype(int) - SCENE).mean() < (6 if syntax == uid.JPEGBaseline8Bit else 1)
    assert PATIENT.encode() in data and PATIENT.encode() not in encode(found.pixels)


def test_grey_dicom_is_read_the_right_way_round() -> None:
    grey = SCENE[..., 0].copy()
    np.testing.assert_array_equal(decode(dicom(grey)).pixels[..., 1], grey)
    inverse = decode(dicom(255 - grey, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(inverse.pixels[..., 1], grey)
    wide = decode(dicom(grey.astype(np.uint16) * 257))
    np.testing.assert_array_equal(wide.pixels[..., 1], grey)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"SOPClassUID": uid.CTImageStorage}, "unsupported"),
        ({"NumberOfFrames": 3}, "animated"),
        ({"Rows": 200}, "truncated"),
        ({"Rows": 60_000, "Columns": 60_000}, "too_many_pixels"),
    ],
)
def test_dicom_without_one_photograph_says_why(fields: dict[str, object], code: str) -> None:
    with pytest.raises(ImageError) as caught:
        decode(dicom(SCENE, **fields))
    assert caught.value.code == code and str(caught.value).endswith(".")


def test_the_first_picture_of_a_telephones_jpeg_counts() -> None:
    image = Image.fromarray(SCENE)
    both = saved(image, "MPO", save_all=True, append_images=[Image.fromarray(255 - SCENE)], quality=95)
    found = decode(both)
    assert found.format == "JPEG"
    assert np.abs(found.pixels.astype(int) - SCENE).mean() < 8


def test_a_large_jpeg_is_reduced_while_it_is_decoded() -> None:
    height, width = 2 * ENOUGH + 100, 3 * ENOUGH
    across = np.linspace(0, 255, width).astype(np.uint8)
    large = np.repeat(np.repeat(across[None, :, None], height, 0), 3, 2)
    found = decode(saved(Image.fromarray(large), "JPEG", quality=95)).pixels
    assert min(found.shape[:2]) >= ENOUGH and found.shape[:2] == (height // 2, width // 2)
    np.testing.assert_allclose(found[5, :, 0], across[::2], atol=4)
    plain = decode(saved(Image.fromarray(large[: 2 * ENOUGH - 1]), "JPEG"))
    assert plain.pixels.shape[0] == 2 * ENOUGH - 1
