"""The structure of a JPEG file: how it is coded, and the same file without anything that is not the picture."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

SOI, EOI, SOS, APP0, APP1, APP2, APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Quantisation tables, Huffman tables, restart interval.
TABLES = frozenset({0xDB, 0xC4, 0xDD})
# The next marker in coded data, where 0xFF stands before a zero, a restart marker or another 0xFF otherwise.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Each scan goes over the whole picture once more. Ordinary progressive files have ten or so.
MOST_SCANS, MOST_PIXELS = 100, 1_500_000_000


@dataclass(frozen=True)
class Segment:
    """One marker of a file and what belongs to it, without the marker and the length."""

    marker: int
    body: bytes


@dataclass(frozen=True)
class Head:
    """Everything before the first scan's coded data.

    Attributes:
        segments: in their order, the last one is SOS.
        end: where the coded data begins.
    """

    segments: tuple[Segment, ...]
    end: int

    def bodies(self, marker: int, start: bytes = b"") -> list[bytes]:
        """What these segments hold, of those that begin so."""
        return [one.body for one in self.segments if one.marker == marker and one.body.startswith(start)]

    @cached_property
    def frame(self) -> Segment:
        """The frame header. Raises StopIteration where there is none."""
        return next(one for one in self.segments if one.marker in FRAMES)

    @property
    def precision(self) -> int:
        """Bits of each sample."""
        return self.frame.body[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        body = self.frame.body
        return int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")

    @property
    def components(self) -> list[tuple[int, int]]:
        """Of each colour component its number, and its sampling factors in one byte."""
        body = self.frame.body
        return [(body[place], body[place + 1]) for place in range(6, 6 + 3 * body[5], 3)]

    @property
    def one_pass(self) -> bool:
        """Whether the picture is 8-bit and coded in one scan without arithmetic: decoded row by row, once."""
        scan = self.segments[-1].body
        ordinary = self.frame.marker in (BASELINE, EXTENDED) and self.precision == 8
        return ordinary and scan[0] == len(self.components)

    @property
    def profile(self) -> bytes:
        """The colour profile as it lies in the file, with its counters; empty where there is none."""
        return b"".join(self.bodies(APP2, b"ICC_PROFILE\0"))

    @property
    def stored_rgb(self) -> bool | None:
        """Whether the components are red, green and blue; None where the file does not say it.

        Adobe's marker says it, a JFIF file never has it, and neither does one that samples its components differently.
        """
        for body in self.bodies(APP14, b"Adobe"):
            return body[11] == 0
        numbers, sampling = zip(*self.components, strict=True)
        if bytes(numbers).lower() == b"rgb":
            return True
        return False if self.bodies(APP0, b"JFIF\0") or len(set(sampling)) > 1 else None


def read_jpeg_head(data: bytes) -> Head | None:
    """The head of a JPEG file; None where the data is none, or is cut off before its coded data."""
    segments: list[Segment] = []
    place = 2 if data.startswith(b"\xff\xd8") else len(data)
    while data[place : place + 1] == b"\xff":
        while data[place : place + 1] == b"\xff":
            place += 1
        marker, length = data[place : place + 1], int.from_bytes(data[place + 1 : place + 3], "big")
        body = data[place + 3 : place + 1 + length]
        if not marker or marker[0] in (0, SOI, EOI) or length < 2 or len(body) != length - 2:
            return None
        segments.append(Segment(marker[0], body))
        place += 1 + length
        if marker[0] == SOS:
            frames = sum(one.marker in FRAMES for one in segments)
            whole = frames == 1 and all(
                len(one.body) >= 6 for one in segments if one.marker in FRAMES | {SOS}
            )
            return Head(tuple(segments), place) if whole else None
    return None


def is_endless(data: bytes) -> bool:
    """Whether a file goes over its picture far more often than any camera or program lets it."""
    head = read_jpeg_head(data)
    if head is None or head.one_pass:
        return False
    width, height = head.size
    most = min(MOST_SCANS, MOST_PIXELS // max(1, width * height))
    later = (marker for marker, _, _ in later_markers(data, head.end) if marker == SOS)
    return sum(1 for _ in islice(later, most)) >= most


def later_markers(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """The markers in and behind coded data up to the end of the picture: each with its start, and its segment's end."""
    while (match := MARKER.search(data, place)) is not None and match[0][1] != EOI:
        start = match.start()
        place = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        yield match[0][1], start, place
    yield EOI, match.start() if match else len(data), len(data)


def strip_metadata(data: bytes, orientation: int) -> bytes | None:
    """The file with its coded data as it is, which is decoded to the same pixels, and without anything else.

    Args:
        orientation: 1 to 8 as in EXIF, the only thing that is said of the picture.

    Returns:
        None for a file that is coded in a rare way.
    """
    head = read_jpeg_head(data)
    if head is None or head.frame.marker not in (BASELINE, EXTENDED, PROGRESSIVE) or head.precision != 8:
        return None
    parts = [b"\xff\xd8", *(segment_bytes(*one) for one in opening_segments(head, orientation))]
    parts += [segment_bytes(one.marker, one.body) for one in head.segments if is_needed_to_decode(one.marker)]
    if head.one_pass:
        end = data.find(b"\xff\xd9", head.end)
        parts.append(data[head.end : end if end >= 0 else len(data)])
    else:
        parts.extend(coded_scans(data, head.end))
    return b"".join([*parts, b"\xff\xd9"])


def opening_segments(head: Head, orientation: int) -> Iterator[tuple[int, bytes]]:
    """What says how colours are coded, without a preview, and which way is up."""
    for body in head.bodies(APP0, b"JFIF\0")[:1]:
        yield APP0, body[:12].ljust(12, b"\0") + b"\0\0"
    if orientation != 1:
        entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + bytes([0, orientation, 0, 0])
        yield APP1, b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + bytes(4)
    for body in head.bodies(APP14, b"Adobe")[:1]:
        yield APP14, body[:12]


def is_needed_to_decode(marker: int) -> bool:
    """Whether a segment is needed to decode the picture."""
    return marker in TABLES or marker in FRAMES or marker == SOS


def segment_bytes(marker: int, body: bytes) -> bytes:
    """A segment as it stands in a file."""
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def coded_scans(data: bytes, place: int) -> Iterator[bytes]:
    """The coded data from a place on, scan by scan with what is needed between them."""
    for marker, start, end in later_markers(data, place):
        yield data[place:start]
        if is_needed_to_decode(marker):
            yield data[start:end]
        place = end
