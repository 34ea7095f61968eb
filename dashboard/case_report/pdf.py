"""Draws a report on one page of A4 as a PDF."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from io import BytesIO
from pathlib import Path

import ttf_opensans
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import TTFFont

from dashboard.case_report.content import KNOWN, Report, report_of, time_with_zone
from dashboard.shell.text import OUTCOMES, percent
from dashboard.store import Record, Review
from model.images import Limits, decode, encode
from model.taxonomy import Taxonomy

FONTS = Path(ttf_opensans.__file__).resolve().parent / "ttf"
FAMILY = "OpenSans"
# Millimetres.
WIDTH, HEIGHT, MARGIN, GAP = 210.0, 297.0, 16.0, 6.0
INNER = WIDTH - 2 * MARGIN
HALF = (INNER - GAP) / 2
# How high the photographs may be; the next one is tried where much text would run over the page.
PICTURES = (62.0, 50.0, 38.0, 28.0, 20.0, 14.0)
TINY, SMALL, BODY, LARGE, HUGE = 6.0, 7.5, 9.0, 11.0, 17.0  # points
INK, MUTED, LINE = "#16202c", "#566273", "#dfe3e8"
MISSING = "?"
# Pixels of a photograph's longer side: finer than any printer shows it at this size.
PRINTED = 1200


class Paper(FPDF):
    """One page with our typeface, and the few things that a report draws."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_auto_page_break(False)
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0
        self.add_font(FAMILY, "", FONTS / "OpenSans-Regular.ttf")
        self.add_font(FAMILY, "B", FONTS / "OpenSans-Bold.ttf")
        self.lost = False
        self.add_page()

    def shown(self, text: str) -> str:
        """The text with a question mark for what the typeface has not; `lost` remembers that there was one."""
        font = self.fonts[FAMILY.lower()]
        known = font.cmap if isinstance(font, TTFFont) else {}
        # Composed first: an accent on its own would otherwise be counted, and drawn, as a character.
        found = "".join(
            char if ord(char) in known else MISSING for char in unicodedata.normalize("NFC", text)
        )
        self.lost = self.lost or found.count(MISSING) > text.count(MISSING)
        return found

    def write_text(
        self, text: str, x: float, width: float, size: float = BODY, bold: bool = False, colour: str = INK
    ) -> None:
        """A paragraph at x, from where the page stands; the page then stands below it."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(colour)
        self.set_x(x)
        self.multi_cell(
            width,
            size * 0.5,
            self.shown(text),
            align="L",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
            wrapmode=WrapMode.WORD,
        )

    def mark(self, outcome: str, x: float, y: float, size: float) -> None:
        """An outcome's shape around a centre: circle (a ring for no result), triangle or diamond."""
        self.set_fill_color(OUTCOMES[outcome].light)
        self.set_draw_color(OUTCOMES[outcome].light)
        half = size / 2
        if outcome in ("benign", "no_result"):
            self.ellipse(x - half, y - half, size, size, style="F" if outcome == "benign" else "D")
        elif outcome == "uncertain":
            self.polygon([(x, y - half), (x + half * 1.1, y + half), (x - half * 1.1, y + half)], style="F")
        else:
            self.polygon([(x, y - half * 1.2), (x + half, y), (x, y + half * 1.2), (x - half, y)], style="F")

    def rule(self) -> None:
        """A hairline across the page."""
        self.set_draw_color(LINE)
        self.set_line_width(0.2)
        self.line(MARGIN, self.get_y(), WIDTH - MARGIN, self.get_y())


def fitted_pdf(
    report: Report,
    ratio: float,
    image: bytes,
    outline: bytes,
    times: str,
    created: datetime,
    known: Mapping[str, bytes],
) -> bytes:
    """The page as a PDF file; long texts make the photographs smaller rather than the page longer.

    Args:
        ratio: width of the photograph by its height.
        image: JPEG file.
        outline: PNG with transparency over the centred square, or empty.
        times: when the prediction was made, for people.
        created: the same for the file's own record.
        known: see `report_pdf`.
    """
    for picture in PICTURES:
        page = drawn_page(report, picture, ratio, image, outline, times, known)
        if page.get_y() <= HEIGHT - MARGIN / 2:
            break
    page.set_lang("en")
    page.set_title(page.shown(f"Dermaboard report: {report.title}"))
    page.set_creator("Dermaboard")
    page.set_creation_date(created)
    return bytes(page.output())


def drawn_page(
    report: Report,
    picture: float,
    ratio: float,
    image: bytes,
    outline: bytes,
    times: str,
    known: Mapping[str, bytes],
) -> Paper:
    """The page with photographs at most so high (in millimetres)."""
    page = Paper()
    draw_head(page, report, times)
    draw_pictures(page, report, picture, ratio, image, outline)
    draw_verdict(page, report)
    if not report.reasons:
        draw_scale(page, report)
    top = page.get_y() + GAP
    left = draw_next_step(page, report, MARGIN, top)
    right = draw_diagnoses(page, report, MARGIN + HALF + GAP, top)
    if report.similar:
        right = draw_known_cases(page, report, MARGIN + HALF + GAP, right, known)
    page.set_y(max(left, right) + GAP)
    draw_foot(page, report)
    return page


def draw_head(page: Paper, report: Report, times: str) -> None:
    """What this is, of which file, and when."""
    page.write_text("Dermaboard", MARGIN, HALF, BODY, True, "#1d4ed8")
    page.set_y(MARGIN)
    page.set_font(FAMILY, "", SMALL)
    page.set_text_color(MUTED)
    page.cell(INNER, SMALL * 0.5, page.shown(times), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(2)
    page.write_text(report.title, MARGIN, INNER, LARGE, True)
    page.ln(1)
    top, wide, ends = page.get_y(), INNER / len(report.head), page.get_y()
    for place, (name, value) in enumerate(report.head):
        page.set_y(top)
        page.write_text(name, MARGIN + place * wide, wide - 2, SMALL, True, MUTED)
        page.write_text(value, MARGIN + place * wide, wide - 2, BODY)
        ends = max(ends, page.get_y())
    page.set_y(ends)
    if report.context:
        page.ln(0.5)
        page.write_text(
            f"{report.context} (given by the user, not used by the model)", MARGIN, INNER, SMALL, False, MUTED
        )
    page.ln(3)


def draw_pictures(
    page: Paper, report: Report, most: float, ratio: float, image: bytes, outline: bytes
) -> None:
    """The photograph as it is, and again with what the model looked at where there is an outline of it."""
    width = min(HALF, most * ratio)
    height = width / ratio
    top, side = page.get_y(), min(width, height)
    shown = ("Photograph", "Outline: what the model looked at")
    for place, what in enumerate(shown if outline else (f"Photograph. {report.no_outline}",)):
        x = MARGIN + place * (HALF + GAP)
        page.image(BytesIO(image), x, top, width, height, alt_text=what)
        if place:
            left, below = x + (width - side) / 2, top + (height - side) / 2
            page.image(BytesIO(outline), left, below, side, side, alt_text="Outline")
        page.set_y(top + height + 1.5)
        page.write_text(what, x, HALF, SMALL, False, MUTED)
    page.ln(3)


def draw_verdict(page: Paper, report: Report) -> None:
    """The outcome; then what it means, or why there is no result and how the next photograph gets one."""
    if report.attempts:
        page.write_text(report.attempts, MARGIN, INNER, BODY, True)
        page.ln(1)
    if report.word == OUTCOMES[report.outcome].word:
        page.mark(report.outcome, MARGIN + HUGE * 0.15, page.get_y() + HUGE * 0.25, HUGE * 0.24)
        colour = OUTCOMES[report.outcome].light
        page.write_text(report.word, MARGIN + HUGE * 0.4, INNER - HUGE * 0.4, HUGE, True, colour)
    else:
        page.write_text(report.word, MARGIN, INNER, HUGE, True)
    if report.reasons:
        for sentence in report.reasons:
            page.write_text(sentence, MARGIN, INNER)
        page.ln(1)
        for number, step in enumerate(report.retake_steps, 1):
            page.write_text(f"{number}. {step}", MARGIN, INNER)
    else:
        page.write_text(report.chance, MARGIN, INNER, BODY)
    page.ln(3)


def draw_scale(page: Paper, report: Report) -> None:
    """The probability on a line from 0 to 100 %, with the operating point's parts."""
    top = page.get_y()
    for name, start, end in report.zones:
        page.set_fill_color(OUTCOMES[name].light)
        with page.local_context(fill_opacity=0.3):
            page.rect(MARGIN + INNER * start, top, INNER * (end - start), 3, style="F")
    page.mark(report.outcome, MARGIN + INNER * report.probability, top + 1.5, 4.6)
    page.set_y(top + 4.4)
    page.set_font(FAMILY, "", SMALL)
    page.set_text_color(MUTED)
    for word, align in (("0 %", "L"), ("50 %", "C"), ("100 %", "R")):
        page.set_x(MARGIN)
        page.cell(INNER, SMALL * 0.5, word, align=align)
    page.ln(SMALL * 0.5 + 1)
    page.write_text(f"{report.ranges[0].upper()}{report.ranges[1:]}.", MARGIN, INNER, SMALL)


def draw_next_step(page: Paper, report: Report, x: float, top: float) -> float:
    """Cautions, and what to do next; returns where it ends."""
    page.set_y(top)
    for title, sentences in (
        ("Cautions", report.cautions),
        ("What to do next", (report.step,)),
    ):
        if not sentences:
            continue
        page.write_text(title, x, HALF, SMALL, True, MUTED)
        page.ln(0.8)
        for sentence in sentences:
            page.write_text(sentence, x, HALF)
            page.ln(0.8)
        page.ln(2)
    return page.get_y()


def draw_diagnoses(page: Paper, report: Report, x: float, top: float) -> float:
    """The likely diagnoses; returns where they end."""
    page.set_y(top)
    if report.diagnoses:
        page.write_text("Likely diagnoses", x, HALF, SMALL, True, MUTED)
        page.ln(0.8)
    for name, plain, malignant, value in report.diagnoses:
        line = page.get_y()
        page.set_font(FAMILY, "", BODY)
        page.set_text_color(INK)
        page.set_xy(x, line)
        page.cell(HALF, BODY * 0.5, percent(value), align="R")
        page.set_y(line)
        page.write_text(name, x, HALF - 18)
        page.write_text(plain + (", malignant" if malignant else ""), x, HALF - 18, SMALL, False, MUTED)
        page.ln(1.2)
    return page.get_y()


def draw_known_cases(page: Paper, report: Report, x: float, top: float, known: Mapping[str, bytes]) -> float:
    """The similar cases with their pictures, or each diagnosis with its count; returns where they end."""
    page.set_y(top + 1)
    page.write_text("Similar known cases", x, HALF, SMALL, True, MUTED)
    page.ln(0.8)
    page.write_text(report.similar + (" The nearest:" if known else ""), x, HALF)
    page.ln(1)
    top, ends = page.get_y(), page.get_y()
    wide = (HALF - (KNOWN - 1)) / KNOWN
    for place, case in enumerate(report.known):
        left = x + place * (wide + 1) if known else x
        high = 0.0
        if known:
            high = wide * 3 / 4
            picture = BytesIO(known[case.image_id])
            page.image(picture, left, top, wide, high, alt_text=case.name, keep_aspect_ratio=True)
            page.set_y(top + high + 1)
        if case.side:
            page.mark(case.side, left + 1, page.get_y() + SMALL * 0.25, 1.8)
        words = case.name if known else f"{case.count} {case.name}"
        page.write_text(words, left + 3, (wide if known else HALF) - 3, TINY if known else SMALL)
        ends = max(ends, page.get_y())
    return ends


def draw_foot(page: Paper, report: Report) -> None:
    """What was confirmed, where to sign, facts, limits and the disclaimer."""
    if report.confirmed:
        page.write_text("Confirmed diagnosis", MARGIN, INNER, SMALL, True, MUTED)
        page.write_text(report.confirmed, MARGIN, INNER)
        page.ln(2)
    page.ln(6)
    line, wide = page.get_y(), INNER / len(report.signed)
    page.set_draw_color(MUTED)
    for place, what in enumerate(report.signed):
        left = MARGIN + place * wide
        page.line(left, line, left + wide - GAP, line)
        page.set_y(line + 0.5)
        page.write_text(what, left, wide - GAP, SMALL, False, MUTED)
    page.ln(2.5)
    page.rule()
    page.ln(2.5)
    for name, value in report.facts:
        line = page.get_y()
        page.write_text(name, MARGIN, 34, SMALL, True, MUTED)
        page.set_y(line)
        page.write_text(value, MARGIN + 36, INNER - 36, SMALL)
    page.ln(2)
    page.write_text(report.limits, MARGIN, INNER, SMALL, False, MUTED)
    page.ln(1.5)
    page.write_text(report.disclaimer, MARGIN, INNER, SMALL, True)
    if page.lost:
        page.ln(1.5)
        page.write_text(
            f"{MISSING} stands for a character that this document's typeface does not have; the history shows it.",
            MARGIN,
            INNER,
            SMALL,
            False,
            MUTED,
        )


def report_pdf(
    record: Record,
    taxonomy: Taxonomy,
    image: bytes,
    outline: bytes,
    no_outline: str = "",
    prevalence: float | None = None,
    drawn: bool = False,
    zone: tzinfo | None = None,
    attempts: Sequence[Record] = (),
    known: Mapping[str, bytes] | None = None,
    reviews: Sequence[Review] = (),
) -> bytes:
    """The report as a PDF of one page, its typeface embedded.

    Args:
        record: the stored prediction.
        taxonomy: what its codes mean.
        image: the photograph as it is kept.
        outline: a PNG file with transparency that lies over the photograph's centred square; empty where there is none.
        no_outline: why there is none.
        prevalence: the share of malignant lesions for which the probability holds; None where nobody knows it.
        drawn: whether the image is one of our drawings.
        zone: the reader's time zone; the server's own when left out.
        attempts: see `attempts_of`.
        known: JPEG files of similar known cases by image id; empty where none may be shown.
        reviews: of the prediction, the newest first.
    """
    # Paper has neither WebP nor a JPEG that is to be turned.
    printed = encode(decode(image, Limits(max_bytes=len(image))).pixels, max_side=PRINTED)

    local = datetime.now().astimezone().tzinfo if zone is None else zone
    utc, here = time_with_zone(record.created), time_with_zone(record.created, local)
    times = utc if utc == here else f"{utc} ({here})"
    return fitted_pdf(
        report_of(record, taxonomy, drawn, no_outline, prevalence, attempts, known or (), reviews),
        record.width / record.height,
        printed,
        outline,
        times,
        record.created,
        known or {},
    )
