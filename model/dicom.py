"""Photographs in DICOM files: the pixels alone, without anything that says whose they are."""

from io import BytesIO

import numpy as np
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.pixels.utils import pixel_array

from model.images import ImageError, Limits, too_many_pixels

# Visible-light photographs, and the secondary captures that many devices write in their place (DICOM PS3.4 B.5).
KINDS = {
    uid.VLPhotographicImageStorage,
    uid.DermoscopicPhotographyImageStorage,
    uid.SecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
}
# What pydicom decodes by itself or through Pillow. Deflated files are left out: they unfold without a limit.
ENCODINGS = {
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.JPEGBaseline8Bit,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.RLELossless,
}
TAGS = ["SOPClassUID", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames"]


def read_dicom(data: bytes, limits: Limits) -> Image.Image:
    """The photograph in a DICOM file as an image without metadata, whose `format` is DICOM.

    Raises:
        ImageError: `unsupported` for anything but a photograph in a common encoding, `too_many_pixels` or
            `animated` as the header announces.
    """
    header = pydicom.dcmread(BytesIO(data), stop_before_pixels=True, specific_tags=TAGS)
    if header.get("SOPClassUID") not in KINDS:
        raise ImageError("unsupported", "This DICOM file holds no photograph. Export the skin image itself.")
    if header.file_meta.TransferSyntaxUID not in ENCODINGS:
        raise ImageError(
            "unsupported",
            "The photograph in this DICOM file is encoded in a rare way. Export it as JPEG or as uncompressed DICOM.",
        )
    if int(header.get("NumberOfFrames") or 1) > 1:
        raise ImageError(
            "animated", "The file holds more than one picture. Save the one that shows the lesion."
        )
    if int(header.Rows) * int(header.Columns) > limits.max_pixels:
        raise too_many_pixels(limits)
    pixels = pixel_array(BytesIO(data))
    if header.PhotometricInterpretation == "MONOCHROME1":
        pixels = np.iinfo(pixels.dtype).max - pixels
    image = Image.fromarray(pixels)
    image.format = "DICOM"
    return image
