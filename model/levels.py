"""What the numbers of a DICOM file show: a table from all that can be stored to 8 bits of grey or of colours."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from model.limits import ImageError, unsupported

CHANNELS = ("Red", "Green", "Blue")
UNCLEAR = "What its numbers show is not said clearly. Export it as JPEG."


def samples_to_levels(
    samples: NDArray[np.integer], table: NDArray[np.uint8], found: Dataset
) -> NDArray[np.uint8]:
    """The stored numbers, of any shape, looked up in a table of `levels_of`."""
    low, high = stored_range(found)
    # Where an index needs no more than the numbers have, nothing is copied.
    if low or np.iinfo(samples.dtype).max > high:
        samples = np.clip(samples.astype(np.int32), low, high) - low
    return table[samples]


def stored_range(found: Dataset) -> tuple[int, int]:
    """The least and the greatest number that BitsStored can hold."""
    bits = int(found.get("BitsStored") or found.BitsAllocated)
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if found.get("PixelRepresentation") else (0, 2**bits - 1)


def levels_of(found: Dataset) -> NDArray[np.uint8]:
    """Of a picture with one number a pixel: uint8 (numbers,) for grey, (numbers, 3) for a palette."""
    low, high = stored_range(found)
    numbers = np.arange(low, high + 1, dtype=np.int32)
    # A table that is cut short or says nonsense breaks in many ways.
    try:
        if found.PhotometricInterpretation == "PALETTE COLOR":
            return palette_levels(found, numbers)
        return grey_levels(found, numbers)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, NotImplementedError) as error:
        raise unsupported_dicom(UNCLEAR) from error


def grey_levels(found: Dataset, numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """By the modality's table or slope, the window, and which end is white."""
    values = apply_modality_lut(numbers, found)
    if found.get("ModalityLUTSequence"):
        black, white = 0.0, 2.0 ** found.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    else:
        black, white = float(values.min()), float(values.max())
    windowed = apply_voi_lut(values, found, prefer_lut=False)
    if windowed is not values and not has_window(found):
        black, white = 0.0, 2.0 ** found.VOILUTSequence[0].LUTDescriptor[2] - 1
    if not (white > black and np.isfinite(windowed).all()):
        raise unsupported_dicom(UNCLEAR)
    shares = np.clip((windowed.astype(np.float64) - black) / (white - black), 0, 1)
    if found.PhotometricInterpretation == "MONOCHROME1":
        shares = 1 - shares
    return np.rint(shares * 255).astype(np.uint8)


def has_window(found: Dataset) -> bool:
    """Whether brightness is given by a centre and a width."""
    return found.get("WindowCenter") is not None and found.get("WindowWidth") is not None


def palette_levels(found: Dataset, numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """By the colour tables, plain or in segments."""
    if "SegmentedRedPaletteColorLookupTableData" in found:
        bits = int(found.RedPaletteColorLookupTableDescriptor[2])
        colours = apply_color_lut(numbers, found)[..., :3].astype(np.float64)
        return np.rint(colours * 255 / (2**bits - 1)).astype(np.uint8)
    return np.stack([channel(found, name, numbers) for name in CHANNELS], -1)


def channel(found: Dataset, name: str, numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """One colour's plain table, applied: numbers before its first entry and after its last get those."""
    count, first, bits = found[f"{name}PaletteColorLookupTableDescriptor"].value
    data, count = bytes(found[f"{name}PaletteColorLookupTableData"].value), count or 65536
    little = found.original_encoding[1] is not False
    if len(data) >= 2 * count:
        entries = np.frombuffer(data, "<u2" if little else ">u2", count).astype(np.int64)
        white = 2 ** int(bits) - 1
    else:
        # Two entries lie in each 16-bit word, whose bytes are swapped in a big-endian file.
        words = np.frombuffer(data + bytes(len(data) % 2), np.uint16)
        entries = (words if little else words.byteswap()).view(np.uint8)[:count].astype(np.int64)
        white = 255
    if len(entries) != count or entries.max() > white:
        raise unsupported_dicom(UNCLEAR)
    return np.rint(entries[np.clip(numbers - first, 0, count - 1)] * 255 / white).astype(np.uint8)


def unsupported_dicom(why: str) -> ImageError:
    """The error for a whole DICOM file of a kind that is not read."""
    return unsupported(why, "photograph in this DICOM file")
