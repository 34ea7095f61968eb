"""DICOM files: numbers become the colours that they stand for, or the file is said to be of a rare kind."""

import zlib
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from model.images import ImageError, decode
from tests.files import lesion, saved
from tests.model.test_formats import dicom

WANTED = np.asarray(lesion().resize((200, 150)))
GREY = np.asarray(Image.fromarray(WANTED).convert("L"))
THREE = np.repeat(GREY[..., None], 3, 2)
LINEAR = {"quality": 98, "subsampling": 0}
YCBCR = np.asarray(Image.fromarray(WANTED).convert("YCbCr"))


def off(data: bytes, wanted: np.ndarray = WANTED) -> float:
    found = decode(data)
    assert found.format == "DICOM"
    return float(np.abs(found.pixels.astype(int) - wanted).mean())


def code(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        decode(data)
    assert str(caught.value).endswith(".")
    return caught.value.code


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_white_is_what_bits_stored_says(bits: int) -> None:
    stored = np.rint(GREY / 255 * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    grey = dicom(stored, BitsStored=bits, HighBit=bits - 1)
    assert off(grey, THREE) < 0.1
    assert off(dicom(stored.max() - stored, BitsStored=bits, HighBit=bits - 1), THREE) > 20
    inverse = dicom(
        2**bits - 1 - stored, BitsStored=bits, HighBit=bits - 1, PhotometricInterpretation="MONOCHROME1"
    )
    assert off(inverse, THREE) < 0.1
    colours = np.rint(WANTED / 255 * (2**bits - 1)).astype(stored.dtype)
    assert off(dicom(colours, BitsStored=bits, HighBit=bits - 1)) < 0.1
    run = dicom(stored, uid.RLELossless, BitsStored=bits, HighBit=bits - 1)
    assert off(run, THREE) < 0.1


def test_signed_numbers_begin_at_their_least() -> None:
    signed = (GREY.astype(np.int32) * 257 - 32768).astype(np.int16)
    assert off(dicom(signed, PixelRepresentation=1), THREE) < 0.1
    twelve = (np.rint(GREY / 255 * 4095) - 2048).astype(np.int16)
    assert off(dicom(twelve, BitsStored=12, HighBit=11, PixelRepresentation=1), THREE) < 0.1
    moved = dicom(
        twelve, BitsStored=12, HighBit=11, PixelRepresentation=1, RescaleSlope=1, RescaleIntercept=2048
    )
    assert off(moved, THREE) < 0.1


def test_modality_and_window_are_applied() -> None:
    assert off(dicom(255 - GREY, RescaleSlope=-1, RescaleIntercept=255), THREE) < 0.1
    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.ModalityLUTType = "US"
    table.add_new(0x00283006, "OW", (np.arange(256)[::-1].astype("<u2") * 257).tobytes())
    assert off(dicom(255 - GREY, ModalityLUTSequence=[table]), THREE) < 0.1
    dark = GREY.astype(np.uint16) * 16
    assert off(dicom(dark, WindowCenter=2040, WindowWidth=4081), THREE) < 1


def palette(
    depth: int, count: int = 256, first: int = 0, segmented: bool = False
) -> tuple[dict, np.ndarray, np.ndarray]:
    """Tables of colours, the indices of the drawing in them, and what they show."""
    few = Image.fromarray(WANTED).quantize(count)
    colours = np.zeros((count, 3), np.uint16)
    listed = np.array(few.getpalette(), np.uint16).reshape(-1, 3)
    colours[: len(listed)] = listed[:count]
    fields: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for channel, name in enumerate(("Red", "Green", "Blue")):
        entries = colours[:, channel] * (257 if depth == 16 else 1)
        kind = "<u2" if depth == 16 else "u1"
        fields[f"{name}PaletteColorLookupTableDescriptor"] = [count, first, depth]
        if segmented:
            data = np.array([0, count, *entries], kind).tobytes()
            fields[f"Segmented{name}PaletteColorLookupTableData"] = data + bytes(len(data) % 2)
        else:
            data = entries.astype(kind).tobytes()
            fields[f"{name}PaletteColorLookupTableData"] = data + bytes(len(data) % 2)
    return fields, np.asarray(few), np.asarray(few.convert("RGB"))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("count", [256, 201])
def test_palettes_show_their_colours(depth: int, count: int) -> None:
    fields, indices, wanted = palette(depth, count)
    assert off(dicom(indices, **fields), wanted) < 0.5
    assert off(dicom(indices, uid.RLELossless, **fields), wanted) < 0.5
    fields, indices, wanted = palette(depth, count, first=1000)
    assert off(dicom(indices.astype(np.uint16) + 1000, **fields), wanted) < 0.5
    if count < 256 or depth == 16:
        fields, indices, wanted = palette(depth, count, segmented=True)
        assert off(dicom(indices, **fields), wanted) < 0.5


def test_a_palette_that_is_missing_is_said() -> None:
    assert code(dicom(GREY.copy(), PhotometricInterpretation="PALETTE COLOR")) == "unsupported"


def test_colour_differences_are_undone_and_wrong_names_corrected() -> None:
    assert off(dicom(YCBCR, PhotometricInterpretation="YBR_FULL")) < 1.5
    assert off(dicom(YCBCR, uid.RLELossless, PhotometricInterpretation="YBR_FULL")) < 1.5
    assert off(dicom(YCBCR, PhotometricInterpretation="YBR_FULL_422")) < 1.5
    assert off(dicom(WANTED, PhotometricInterpretation="YBR_FULL_422")) == 0
    pairs = YCBCR.reshape(150, 100, 2, 3).astype(int)
    halved = np.stack([pairs[..., 0, 0], pairs[..., 1, 0], *pairs[..., 1:].mean(2).transpose(2, 0, 1)], -1)
    sampled = dicom(
        WANTED, PhotometricInterpretation="YBR_FULL_422", PixelData=halved.astype(np.uint8).tobytes()
    )
    assert off(sampled) < 2


def bare(data: bytes) -> bytes:
    """A JPEG file without its JFIF marker."""
    return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]


def test_a_jpeg_inside_knows_its_own_colours() -> None:
    plain = saved(Image.fromarray(WANTED), "JPEG", **LINEAR)
    rgb = saved(Image.fromarray(WANTED), "JPEG", keep_rgb=True, **LINEAR)
    sampled = saved(Image.fromarray(WANTED), "JPEG", quality=98, subsampling=2)
    for frame in (plain, rgb, sampled, bare(sampled)):
        for name in ("RGB", "YBR_FULL_422", "YBR_FULL"):
            assert off(dicom(WANTED, uid.JPEGBaseline8Bit, frame, PhotometricInterpretation=name)) < 4
    # Untransformed and without any marker: the data set alone knows.
    untold = bare(saved(Image.frombytes("YCbCr", (200, 150), WANTED.tobytes()), "JPEG", **LINEAR))
    assert off(dicom(WANTED, uid.JPEGBaseline8Bit, untold, PhotometricInterpretation="RGB")) < 2
    grey = saved(Image.fromarray(GREY), "JPEG", quality=98)
    fields = {"PhotometricInterpretation": "MONOCHROME1"}
    assert off(dicom(GREY, uid.JPEGBaseline8Bit, grey, **fields), 255 - THREE) < 2


def test_jpeg_2000_of_any_depth() -> None:
    assert off(dicom(WANTED, uid.JPEG2000Lossless)) == 0
    twelve = np.rint(GREY / 255 * 4095).astype(np.uint16)
    whole = saved(Image.fromarray(GREY.astype(np.uint16) * 257), "JPEG2000", no_jp2=True)
    fields = {"PhotometricInterpretation": "MONOCHROME2"}
    assert off(dicom(twelve, uid.JPEG2000Lossless, whole, **fields), THREE) < 0.5
    parts = saved(Image.frombytes("RGB", (200, 150), YCBCR.tobytes()), "JPEG2000", no_jp2=True, mct=0)
    assert off(dicom(WANTED, uid.JPEG2000Lossless, parts, PhotometricInterpretation="YBR_FULL")) < 1.5


@pytest.mark.parametrize(
    "fields",
    [
        {"PhotometricInterpretation": "HSV"},
        {"PhotometricInterpretation": "YBR_PARTIAL_422"},
        {"BitsStored": 12, "HighBit": 15, "BitsAllocated": 16},
        {"PixelRepresentation": 1},
        {"SamplesPerPixel": 4, "PhotometricInterpretation": "CMYK"},
        {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31},
    ],
)
def test_what_is_rare_is_called_unsupported(fields: dict[str, object]) -> None:
    assert code(dicom(WANTED, **fields)) == "unsupported"


def test_the_limits_hold_for_the_picture_inside() -> None:
    large = saved(Image.new("L", (9000, 9000)), "JPEG")
    found = dicom(GREY[:64, :64].copy(), uid.JPEGBaseline8Bit, large, PhotometricInterpretation="MONOCHROME2")
    assert code(found) == "too_many_pixels"
    other = saved(Image.fromarray(GREY), "JPEG")
    assert (
        code(
            dicom(GREY[:64, :64].copy(), uid.JPEGBaseline8Bit, other, PhotometricInterpretation="MONOCHROME2")
        )
        == "truncated"
    )
    large = saved(Image.new("L", (9000, 9000)), "JPEG2000", no_jp2=True)
    found = dicom(GREY[:64, :64].copy(), uid.JPEG2000Lossless, large, PhotometricInterpretation="MONOCHROME2")
    assert code(found) == "too_many_pixels"


def test_data_sets_without_their_wrapping_are_read() -> None:
    whole = dicom(WANTED)
    data = pydicom.dcmread(BytesIO(whole))
    for implicit in (True, False):
        buffer = BytesIO()
        pydicom.dcmwrite(
            buffer, Dataset(data), implicit_vr=implicit, little_endian=True, enforce_file_format=False
        )
        assert off(buffer.getvalue()) == 0
    assert off(whole[128:]) == 0
    frame = saved(Image.fromarray(WANTED), "JPEG", **LINEAR)
    inside = pydicom.dcmread(BytesIO(dicom(WANTED, uid.JPEGBaseline8Bit, frame)))
    buffer = BytesIO()
    pydicom.dcmwrite(
        buffer, Dataset(inside), implicit_vr=False, little_endian=True, enforce_file_format=False
    )
    assert off(buffer.getvalue()) < 2
    assert code(whole[132:200]) in ("not_an_image", "truncated")


@pytest.mark.parametrize("syntax", [uid.DeflatedExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_deflated_and_big_endian_files_are_read(syntax: str) -> None:
    data = pydicom.dcmread(BytesIO(dicom(WANTED)))
    data.file_meta.TransferSyntaxUID = uid.UID(syntax)
    if syntax == uid.ExplicitVRBigEndian:
        data["PixelData"].VR = "OW"
        data.PixelData = np.frombuffer(WANTED.tobytes(), "<u2").byteswap().tobytes()
    written = Dataset(data)
    written.file_meta, written.preamble = data.file_meta, bytes(128)
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, written, enforce_file_format=True)
    assert off(buffer.getvalue()) == 0


def test_planes_one_after_the_other() -> None:
    planes = np.ascontiguousarray(WANTED.transpose(2, 0, 1)).tobytes()
    assert off(dicom(WANTED, PlanarConfiguration=1, PixelData=planes)) == 0


def test_what_unfolds_without_end_is_stopped() -> None:
    data = pydicom.dcmread(BytesIO(dicom(WANTED)))
    data.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    deflated = buffer.getvalue()
    start = 144 + int.from_bytes(deflated[140:144], "little")
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = deflated[:start] + deflater.compress(bytes(400_000_000)) + deflater.flush()
    assert len(bomb) < 1_000_000 and code(bomb) == "too_complex"
