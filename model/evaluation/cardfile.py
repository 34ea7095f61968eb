"""A model's card as a file: Markdown, HTML, or a PDF on A4, drawn by what draws the reports of cases."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import ttf_opensans
from fpdf import FPDF
from fpdf.enums import TableCellFillMode, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from model.bundle import Card
from model.evaluation.carddocument import Block, card_blocks, card_markdown, card_page, spans

FONTS = Path(ttf_opensans.__file__).resolve().parent / "ttf"
FAMILY = "OpenSans"
MARGIN = 15.0  # millimetres
CELL, BODY, HEAD, TITLE = 6.5, 9.0, 11.0, 17.0  # points
LINE = 0.5  # millimetres a point
INK, MUTED, SHADE = "#16202c", "#566273", "#f1f3f5"
# How many characters of its longest cell decide the width of a column.
WIDEST = 48


class CardPaper(FPDF):
    """Pages with our typeface, numbered."""

    def __init__(self, name: str) -> None:
        super().__init__(format="A4")
        self.name = name
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, MARGIN + 4)
        self.add_font(FAMILY, "", FONTS / "OpenSans-Regular.ttf")
        self.add_font(FAMILY, "B", FONTS / "OpenSans-Bold.ttf")
        self.add_page()

    def footer(self) -> None:
        """Whose card this is, and which page."""
        self.set_y(-MARGIN)
        self.choose(CELL, colour=MUTED)
        self.cell(0, 4, self.printable(f"{self.name} · {self.page_no()}"), align="R")

    def choose(self, size: float, bold: bool = False, colour: str = INK) -> None:
        """Take a typeface."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(colour)

    def printable(self, text: str) -> str:
        """The text with a question mark for what the typeface has not."""
        font = self.fonts[FAMILY.lower()]
        known = font.cmap if isinstance(font, TTFFont) else {}
        return "".join(char if ord(char) in known else "?" for char in unicodedata.normalize("NFC", text))

    def write_line(self, text: str, size: float = BODY, bold: bool = False, indent: float = 0) -> None:
        """A paragraph."""
        self.choose(size, bold)
        self.set_x(MARGIN + indent)
        words = "".join(part for part, _ in spans(text))
        self.multi_cell(0, size * LINE, self.printable(words), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def write_table(self, rows: tuple[tuple[str, ...], ...]) -> None:
        """A table whose head comes again on every page."""
        self.choose(CELL)
        widths = [column_width(column) for column in zip(*rows, strict=True)]
        with self.table(
            col_widths=tuple(widths),
            headings_style=FontFace(emphasis="BOLD", color=MUTED),
            cell_fill_color=SHADE,
            cell_fill_mode=TableCellFillMode.EVEN_ROWS,
            borders_layout="HORIZONTAL_LINES",
            line_height=CELL * LINE,
            padding=0.6,
            text_align="LEFT",
        ) as table:
            for row in rows:
                table.row([self.printable(cell.replace("`", "")) for cell in row])
        self.ln(2)


def column_width(cells: tuple[str, ...]) -> int:
    """Room for a column, in characters: its longest word, head or not, and its cells as far as there is room."""
    body = cells[1:]
    word = max(len(word) for cell in cells for word in cell.split() or [""])
    return max(word + 2, min(WIDEST, max(map(len, body), default=0)))


def card_pdf(card: Card) -> bytes:
    """The card as a PDF file, its typeface embedded."""
    title = f"Model card: {card.name}, version {card.version}"
    paper = CardPaper(title)
    paper.set_lang("en")
    paper.set_title(paper.printable(title))
    paper.set_creator("Dermaboard")
    paper.set_creation_date(datetime.fromisoformat(card.created))
    for block in card_blocks(card_markdown(card)):
        write_block(paper, block)
    return bytes(paper.output())


def write_block(paper: CardPaper, block: Block) -> None:
    """One part of the card below what stands there."""
    if block.kind == "title":
        paper.write_line(block.lines[0], TITLE, True)
    elif block.kind == "heading":
        paper.ln(2)
        # Not alone at the foot of a page.
        if paper.will_page_break(30):
            paper.add_page()
        paper.write_line(block.lines[0], HEAD, True)
    elif block.kind == "paragraph":
        paper.write_line(block.lines[0])
    elif block.kind == "list":
        for entry in block.lines:
            paper.write_line(f"• {entry}", indent=2)
    else:
        paper.write_table(block.rows)


# Ending of the name -> what writes it.
CARD_FORMATS: dict[str, Callable[[Card], bytes]] = {
    ".md": lambda card: card_markdown(card).encode(),
    ".html": lambda card: card_page(card).encode(),
    ".pdf": card_pdf,
}
