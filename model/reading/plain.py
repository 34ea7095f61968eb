"""Which files are plain: JPEG and PNG files of ordinary size that are decoded once, row by row, without surprises."""

import hashlib
import struct
import threading
from collections.abc import Iterator

from model.reading import jpeg
from model.reading.picture import reduction_factor

# Pixels that come out of the decoder: what telephones take, and a little more.
ORDINARY = 13_000_000
PNG = b"\x89PNG\r\n\x1a\n"
# Only counted: what a PNG file may say of its colours besides a profile, and that it moves.
SURPRISES = {b"acTL", b"cICP", b"gAMA", b"cHRM"}
MOST_PROFILES = 256

# Digests of the profiles that turned out to be sRGB. They come from a helper, so this process reads none.
_srgb: set[bytes] = set()
_lock = threading.Lock()


def is_plain(data: bytes) -> bool:
    """Whether a file may be decoded in this process."""
    if data.startswith(PNG):
        return plain_png(data)
    head = jpeg.read_jpeg_head(data)
    if head is None or not head.one_pass or len(head.components) not in (1, 3):
        return False
    # Cameras say there that they mean Adobe RGB.
    if any(b"R03\0" in body for body in head.bodies(jpeg.APP1)):
        return False
    return is_ordinary_size(head.size) and is_harmless_profile(head.profile)


def plain_png(data: bytes) -> bool:
    """Whether this PNG file has up to 8 bits a channel and no surprises before its pixels."""
    if len(data) < 33 or data[12:16] != b"IHDR" or data[24] > 8:
        return False
    width, height = struct.unpack(">II", data[16:24])
    chunks = dict(chunks_before_pixels(data))
    # Where it says that it is sRGB, older readers are told the same once more.
    surprises = SURPRISES - {b"gAMA", b"cHRM"} if b"sRGB" in chunks else SURPRISES
    return (
        not surprises & chunks.keys()
        and width * height <= ORDINARY
        and is_harmless_profile(chunks.get(b"iCCP", b""))
    )


def chunks_before_pixels(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of a PNG file's chunks up to its pixels."""
    place = 8
    while place + 8 <= len(data):
        length, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if name == b"IDAT":
            return
        yield name, data[place + 8 : place + 8 + length]
        place += 12 + length


def profile_in(data: bytes) -> bytes:
    """The colour profile as it lies in a JPEG or PNG file; empty where there is none."""
    if data.startswith(PNG):
        return dict(chunks_before_pixels(data)).get(b"iCCP", b"")
    head = jpeg.read_jpeg_head(data)
    return head.profile if head is not None else b""


def is_ordinary_size(size: tuple[int, int]) -> bool:
    """Whether a JPEG file of this size is decoded to an ordinary number of pixels."""
    return size[0] * size[1] <= ORDINARY * reduction_factor(size) ** 2


def is_harmless_profile(profile: bytes) -> bool:
    """Whether there is no profile, or one that is known to be sRGB."""
    return not profile or profile_digest(profile) in _srgb


def remember_srgb(data: bytes) -> None:
    """Remember that this file's profile is sRGB: others with the same one are plain."""
    profile = profile_in(data)
    if profile:
        with _lock:
            if len(_srgb) < MOST_PROFILES:
                _srgb.add(profile_digest(profile))


def profile_digest(profile: bytes) -> bytes:
    """What a profile is remembered by."""
    return hashlib.sha256(profile).digest()
