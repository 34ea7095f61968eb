"""Photographs in DICOM files: the pixels alone, without anything that says whose they are.

Only combinations that are listed here are read; whatever else is whole is called unsupported, not damaged.
"""

import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

from model.reading import jpeg
from model.reading.dates import dicom_moment
from model.reading.limits import ImageError, Limits, several_pictures, too_complex, unsupported

# Visible-light photographs, and the secondary captures that many devices write in their place (DICOM PS3.4 B.5).
KINDS = {
    uid.VLPhotographicImageStorage,
    uid.DermoscopicPhotographyImageStorage,
    uid.SecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
}
NATIVE = {uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian}
JPEG = {uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit}
JPEG2000 = {uid.JPEG2000Lossless, uid.JPEG2000}
RARE = "It is encoded in a rare way. Export it as JPEG or as uncompressed DICOM."
YBR = ("YBR_FULL", "YBR_FULL_422")
COLOURS = ("RGB", *YBR, "YBR_ICT", "YBR_RCT")
# Without this no pixel can be read.
NEEDED = ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated")
# A deflated file unfolds to so much at most: the largest photograph in three colours, and what stands beside it.
UNFOLDED = 170_000_000
# The first colour difference of skin varies far less than its brightness does; green varies as red does.
LIVELY = 0.5
CHANNELS = ("Red", "Green", "Blue")
# No dermatoscope magnifies more.
MOST_TIMES = 10_000
UNCLEAR = "What its numbers show is not said clearly. Export it as JPEG."


def read_dicom(data: bytes, limits: Limits) -> Image.Image:
    """The photograph in a DICOM file, 8 bits a channel, without metadata, whose `format` is DICOM.

    Its colour profile, when it was taken and what the dermatoscope did are in `info`, as far as it says so.

    Raises:
        ImageError: `unsupported` for anything but a photograph in a common encoding, `not_an_image`, `too_small`,
            `too_many_pixels`, `animated` or `too_complex`.
    """
    dataset = read_dataset(data)
    check_dicom(dataset, limits)
    syntax = transfer_syntax(dataset)
    if syntax in JPEG:
        image = jpeg_frame(dataset, limits)
    elif syntax in JPEG2000:
        image = jpeg2000_frame(dataset, limits)
    else:
        image = native_frame(dataset)
    inside = image.info.get("icc_profile")
    image.info = {
        "icc_profile": dicom_profile(dataset) or inside,
        "taken": taken_by_dicom(dataset),
        "optics": dermatoscope(dataset),
    }
    image.format = "DICOM"
    return image


def read_dataset(data: bytes) -> Dataset:
    """Everything in the file; one without preamble or transfer syntax is read by the encoding that it shows."""
    if data.startswith(b"DICM"):
        data = bytes(128) + data
    whole = data[128:132] == b"DICM"
    if whole and uid.DeflatedExplicitVRLittleEndian.encode() + b"\0" in data[:1000]:
        data, whole = inflate_dataset(data), False
    try:
        dataset = pydicom.dcmread(BytesIO(data), force=not whole)
    except MemoryError:
        raise
    # A file that is cut in its header, or bytes that only look like one.
    except Exception as error:
        if whole:
            raise
        raise ImageError("not_an_image", "This is no DICOM file, or only a part of one.") from error
    if not whole and "SOPClassUID" not in dataset:
        raise ImageError("not_an_image", "This is no DICOM file, or only a part of one.")
    return dataset


def inflate_dataset(data: bytes) -> bytes:
    """What a deflated file has behind its header."""
    start = 144 + int.from_bytes(data[140:144], "little")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    unfolded = inflater.decompress(data[start:], UNFOLDED)
    if inflater.unconsumed_tail:
        raise too_complex()
    return unfolded


def check_dicom(dataset: Dataset, limits: Limits) -> None:
    """Raise ImageError unless this is one photograph in one of the ways that are read here."""
    if dataset.get("SOPClassUID") not in KINDS:
        raise ImageError("unsupported", "This DICOM file holds no photograph. Export the skin image itself.")
    if int(dataset.get("NumberOfFrames") or 1) > 1:
        raise several_pictures()
    if any(dataset.get(name) is None for name in NEEDED):
        raise unsupported_dicom("It does not say how its pixels are to be read.")
    limits.check_size(int(dataset.Columns), int(dataset.Rows))
    bits, stored = int(dataset.BitsAllocated), int(dataset.get("BitsStored") or dataset.BitsAllocated)
    if (
        bits not in (8, 16)
        or not 8 <= stored <= bits
        or int(dataset.get("HighBit", stored - 1)) != stored - 1
    ):
        raise unsupported_dicom(f"Its pixels have {stored} of {bits} bits. Export it with 8 bits a channel.")
    colours = dataset.PhotometricInterpretation
    single = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
    if colours not in {1: single, 3: COLOURS}.get(int(dataset.SamplesPerPixel), ()):
        raise unsupported_dicom(f"Its colours ({str(colours)[:16]}) are rare. Export it in RGB.")
    if dataset.SamplesPerPixel == 3 and (
        dataset.get("PixelRepresentation") or (colours != "RGB" and stored != 8)
    ):
        raise unsupported_dicom("Its colours have an unusual depth. Export it with 8 bits a channel.")
    if "PixelData" not in dataset:
        # The end of a file that was cut off, or numbers that are no photograph.
        rare = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        raise unsupported_dicom("Its pixels are fractions.") if rare else ValueError("no pixels")


def transfer_syntax(dataset: Dataset) -> str:
    """The transfer syntax, which the data set has afterwards: the one that it names, or else the one that it shows."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if dataset["PixelData"].is_undefined_length and (syntax is None or syntax in NATIVE):
        stream = dataset.PixelData[8:].partition(b"\xfe\xff\x00\xe0")[2][4:]
        starts = {b"\xff\xd8": uid.JPEGBaseline8Bit, b"\xff\x4f": uid.JPEG2000}
        syntax = starts.get(stream[:2])
    elif syntax is None or syntax == uid.DeflatedExplicitVRLittleEndian:
        implicit, little = dataset.original_encoding
        explicit = uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian
        syntax = uid.ImplicitVRLittleEndian if implicit else explicit
    if syntax is None or syntax not in NATIVE | JPEG | JPEG2000 | {uid.RLELossless}:
        raise unsupported_dicom(RARE)
    dataset.file_meta.TransferSyntaxUID = syntax
    return str(syntax)


def dicom_profile(dataset: Dataset) -> bytes | None:
    """The colour profile of a data set."""
    paths = dataset.get("OpticalPathSequence") or [Dataset()]
    profile: bytes | None = dataset.get("ICCProfile") or paths[0].get("ICCProfile")
    return profile


def taken_by_dicom(dataset: Dataset) -> str | None:
    """When the photograph was taken, to the second or the day."""
    pairs = [
        ("AcquisitionDateTime", ""),
        ("AcquisitionDate", "AcquisitionTime"),
        ("ContentDate", "ContentTime"),
    ]
    for day, time in pairs:
        written = str(dataset.get(day) or "")
        for text in (written + str(dataset.get(time) or "" if time else ""), written[:8]):
            if moment := dicom_moment(text):
                return moment
    return None


def dermatoscope(dataset: Dataset) -> dict[str, str | float]:
    """Polarisation, contact and magnification, as far as the file says them."""
    found: dict[str, str | float] = {}
    for name, keyword in (("polarisation", "LightSourcePolarization"), ("contact", "ContactMethod")):
        if text := str(dataset.get(keyword) or "").strip("\0 "):
            found[name] = text[:16].lower()
    # A number that is none, and the picture is whole.
    with suppress(ValueError, TypeError):
        factor = float(dataset.get("OpticalMagnificationFactor") or 0)
        if 0 < factor < MOST_TIMES:
            found["magnification"] = factor
    return found


def native_frame(dataset: Dataset) -> Image.Image:
    """What is stored number by number, or run by run."""
    correct_colour_name(dataset)
    return image_of_samples(dataset, pixel_array(dataset, raw=True))


def image_of_samples(dataset: Dataset, samples: NDArray[np.integer]) -> Image.Image:
    """Numbers as they are stored, and as the file says they are shown."""
    if dataset.SamplesPerPixel == 1:
        return Image.fromarray(samples_to_levels(samples, level_table(dataset), dataset))
    even = np.arange(2 ** int(dataset.BitsStored)) * 255 / (2 ** int(dataset.BitsStored) - 1)
    pixels = samples_to_levels(samples, np.rint(even).astype(np.uint8), dataset)
    return convert_colours(Image.fromarray(pixels), dataset.PhotometricInterpretation in YBR)


def convert_colours(image: Image.Image, differences: bool) -> Image.Image:
    """Three channels, which are brightness and two colour differences or are red, green and blue already."""
    if not differences:
        return image
    return Image.frombytes("YCbCr", image.size, image.tobytes()).convert("RGB")


def correct_colour_name(dataset: Dataset) -> None:
    """Correct the name of colours that are said to be subsampled and are not: only the numbers can tell what they are.

    Raises:
        ImageError: `unsupported`, when they don't.
    """
    pixels = int(dataset.Rows) * int(dataset.Columns)
    native = dataset.file_meta.TransferSyntaxUID in NATIVE
    if (
        dataset.PhotometricInterpretation != "YBR_FULL_422"
        or not native
        or len(dataset.PixelData) < 3 * pixels
    ):
        return
    planes = np.frombuffer(dataset.PixelData, np.uint8, 3 * pixels)
    planar = bool(dataset.get("PlanarConfiguration"))
    first, second, third = planes.reshape(3, -1) if planar else planes.reshape(-1, 3).T
    spread = [float(np.std(plane)) for plane in (first, second, third)]
    if min(spread[1:]) > LIVELY * spread[0] and np.corrcoef(first, second)[0, 1] > LIVELY:
        dataset.PhotometricInterpretation = "RGB"
    elif max(spread[1:]) <= LIVELY * spread[0] and abs(float(np.mean(second)) - 128) < 64:
        dataset.PhotometricInterpretation = "YBR_FULL"
    else:
        raise unsupported_dicom("It names its colours wrongly. Export it in RGB.")


def embedded_picture(dataset: Dataset, kind: str, limits: Limits) -> tuple[bytes, Image.Image]:
    """The compressed picture inside, and its header read. The limits hold for it too."""
    stream = get_frame(dataset.PixelData, 0, number_of_frames=1)
    image = Image.open(BytesIO(stream), formats=[kind])
    limits.check_size(*image.size)
    if image.size != (dataset.Columns, dataset.Rows):
        raise ValueError("the picture inside has another size")
    return stream, image


def jpeg_frame(dataset: Dataset, limits: Limits) -> Image.Image:
    """A JPEG file inside: it knows better than the data set how its colours are stored."""
    stream = get_frame(dataset.PixelData, 0, number_of_frames=1)
    head = jpeg.read_jpeg_head(stream)
    if head is not None and (head.precision != 8 or head.frame.marker > jpeg.PROGRESSIVE):
        raise unsupported_dicom(RARE)
    if jpeg.is_endless(stream):
        raise too_complex()
    stream, image = embedded_picture(dataset, "JPEG", limits)
    if head is None or len(head.components) != dataset.SamplesPerPixel:
        raise ValueError("the picture inside has other channels")
    profile = image.info.get("icc_profile")
    if dataset.SamplesPerPixel == 1:
        image = image_of_samples(dataset, np.asarray(image))
    elif meant_as_rgb(head, dataset):
        # The decoder would convert them from what they are not.
        image.draft("YCbCr", None)
        image = Image.frombytes("RGB", image.size, image.tobytes())
    image.load()
    image.info = {"icc_profile": profile}
    return image


def meant_as_rgb(head: jpeg.Head, dataset: Dataset) -> bool:
    """Whether a JPEG file has red, green and blue where the decoder takes it for brightness and differences."""
    if head.bodies(jpeg.APP14, b"Adobe"):
        return False
    stored = head.stored_rgb
    jfif, numbers = head.bodies(jpeg.APP0, b"JFIF\0"), bytes(number for number, _ in head.components)
    seen = not jfif and numbers == b"RGB"
    return not seen and (stored is True or (stored is None and dataset.PhotometricInterpretation == "RGB"))


def jpeg2000_frame(dataset: Dataset, limits: Limits) -> Image.Image:
    """A JPEG 2000 picture inside."""
    stream, image = embedded_picture(dataset, "JPEG2000", limits)
    if dataset.SamplesPerPixel == 1:
        return image_of_samples(dataset, pixel_array(dataset, raw=True))
    # Where the transformation is part of the coding, the decoder has undone it.
    differences = not has_colour_transform(stream) and dataset.PhotometricInterpretation in YBR
    return convert_colours(image.convert("RGB"), differences)


def has_colour_transform(stream: bytes) -> bool:
    """Whether a JPEG 2000 stream says that its colours were transformed when it was coded."""
    place = stream.find(b"\xff\x4f\xff\x51") + 2
    while place > 1 and stream[place : place + 1] == b"\xff" and stream[place + 1] != 0x52:
        place += 2 + int.from_bytes(stream[place + 2 : place + 4], "big")
    return stream[place + 8 : place + 9] == b"\x01"


def samples_to_levels(
    samples: NDArray[np.integer], table: NDArray[np.uint8], dataset: Dataset
) -> NDArray[np.uint8]:
    """The stored numbers, of any shape, looked up in a table of `level_table`."""
    low, high = stored_range(dataset)
    # Where an index needs no more than the numbers have, nothing is copied.
    if low or np.iinfo(samples.dtype).max > high:
        samples = np.clip(samples.astype(np.int32), low, high) - low
    return table[samples]


def stored_range(dataset: Dataset) -> tuple[int, int]:
    """The least and the greatest number that BitsStored can hold."""
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    return (
        (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dataset.get("PixelRepresentation") else (0, 2**bits - 1)
    )


def level_table(dataset: Dataset) -> NDArray[np.uint8]:
    """Of a picture with one number a pixel: uint8 (numbers,) for grey, (numbers, 3) for a palette."""
    low, high = stored_range(dataset)
    numbers = np.arange(low, high + 1, dtype=np.int32)
    # A table that is cut short or says nonsense breaks in many ways.
    try:
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            return palette_levels(dataset, numbers)
        return grey_levels(dataset, numbers)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, NotImplementedError) as error:
        raise unsupported_dicom(UNCLEAR) from error


def grey_levels(dataset: Dataset, numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """By the modality's table or slope, the window, and which end is white."""
    values = apply_modality_lut(numbers, dataset)
    if dataset.get("ModalityLUTSequence"):
        black, white = 0.0, 2.0 ** dataset.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    else:
        black, white = float(values.min()), float(values.max())
    windowed = apply_voi_lut(values, dataset, prefer_lut=False)
    if windowed is not values and not has_window(dataset):
        black, white = 0.0, 2.0 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1
    if not (white > black and np.isfinite(windowed).all()):
        raise unsupported_dicom(UNCLEAR)
    shares = np.clip((windowed.astype(np.float64) - black) / (white - black), 0, 1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shares = 1 - shares
    return np.rint(shares * 255).astype(np.uint8)


def has_window(dataset: Dataset) -> bool:
    """Whether brightness is given by a centre and a width."""
    return dataset.get("WindowCenter") is not None and dataset.get("WindowWidth") is not None


def palette_levels(dataset: Dataset, numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """By the colour tables, plain or in segments."""
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        bits = int(dataset.RedPaletteColorLookupTableDescriptor[2])
        colours = apply_color_lut(numbers, dataset)[..., :3].astype(np.float64)
        return np.rint(colours * 255 / (2**bits - 1)).astype(np.uint8)
    return np.stack([palette_channel(dataset, name, numbers) for name in CHANNELS], -1)


def palette_channel(dataset: Dataset, name: str, numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """One colour's plain table, applied: numbers before its first entry and after its last get those."""
    count, first, bits = dataset[f"{name}PaletteColorLookupTableDescriptor"].value
    data, count = bytes(dataset[f"{name}PaletteColorLookupTableData"].value), count or 65536
    little = dataset.original_encoding[1] is not False
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
