"""The printable page of a recovery kit: PDF, with its codes drawn as squares.

The libraries are imported where they are used: only who makes a page needs them.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from orchestrator.reports.kit_blocks import Code, Commands, Heading, Typed, Words, blocks, foot
from orchestrator.reports.kit_text import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fpdf import FPDF

    from orchestrator.core.kit.contents import Kit
    from orchestrator.reports.kit_blocks import Block

MARGIN, FOOT = 15.0, 12.0  # mm
TEXT, SMALL, MONO = 9.5, 7.5, 10.0  # points
LINE = 4.4
CODE_MM = 58.0
CAPTION = 6.0  # mm
QUIET = 4  # squares around a code that stay white
COMMAND_SIGNS = 92  # of the small monospaced face, in a line


def pdf(kit: Kit) -> bytes:
    """Return the page as PDF."""
    page = _paper(foot(kit), kit)
    drawn = list(blocks(kit))
    for block, after in zip_longest(drawn, drawn[1:]):
        _draw(page, block, after)
    return bytes(page.output())


def matrix(payload: str) -> tuple[tuple[int, ...], ...]:
    """Return a QR code's squares, 1 for dark, its quiet zone left out."""
    import segno  # noqa: PLC0415 - as the module says

    made = segno.make(payload, error="m", micro=False)
    return tuple(tuple(int(bool(square)) for square in row) for row in made.matrix)


def _paper(words: str, kit: Kit) -> FPDF:
    from fpdf import FPDF  # noqa: PLC0415 - as the module says

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-FOOT)
            self.set_font("helvetica", size=SMALL)
            self.cell(0, 4, f"{_latin(words)} - {self.page_no()}/{{nb}}", align="C")

    paper = Paper(format="A4")
    paper.set_creation_date(kit.at)
    paper.set_title(_latin(f"Kit de reprise / Recovery kit: {kit.site}"))
    paper.set_margin(MARGIN)
    paper.set_auto_page_break(auto=True, margin=FOOT + 6)
    paper.set_lang(kit.language)
    return paper


def _draw(page: Any, block: Block, after: Block | None) -> None:  # noqa: ANN401 - FPDF
    match block:
        case Heading():
            _heading(page, block, _height(after))
        case Words():
            _words(page, block)
        case Commands():
            _commands(page, block)
        case Typed():
            _typed(page, block)
        case Code():
            _code(page, block)


def _height(block: Block | None) -> float:
    """Return what a block takes at least, in mm: a heading stands with what it is over."""
    match block:
        case Code():
            return CODE_MM + CAPTION
        case Typed():
            return 6.0 + 8 * min(len(block.rows), 3)
        case _:
            return 20.0


def _heading(page: Any, block: Heading, below: float) -> None:  # noqa: ANN401 - the same
    if block.top or page.will_page_break(10 + below):
        page.add_page()
    page.ln(0 if block.top else 2)
    page.set_font("helvetica", "B", 15 if block.top else 11)
    page.multi_cell(0, 7 if block.top else 6, _latin(block.text), new_x="LMARGIN", new_y="NEXT")
    page.ln(1)


def _words(page: Any, block: Words) -> None:  # noqa: ANN401 - the same
    for text, style in ((block.fr, ""), (block.en, "I")):
        page.set_font("helvetica", style, TEXT)
        page.multi_cell(0, LINE, _latin(text), align="L", new_x="LMARGIN", new_y="NEXT")
    page.ln(1.5)


def _commands(page: Any, block: Commands) -> None:  # noqa: ANN401 - the same
    page.set_fill_color(240)
    for line in block.lines:
        for part in folded(line):
            page.set_font("courier", size=SMALL + 0.5)
            wide = page.get_string_width(_latin(part)) + 2 * page.c_margin
            if wide > page.epw:  # one word that nothing may part
                page.set_font("courier", size=(SMALL + 0.5) * page.epw / wide)
            page.cell(0, 3.9, _latin(part), fill=True, new_x="LMARGIN", new_y="NEXT")
    page.ln(2)


def _typed(page: Any, block: Typed) -> None:  # noqa: ANN401 - the same
    if page.will_page_break(_height(block)):
        page.add_page()
    page.set_font("helvetica", "B", SMALL + 0.5)
    note = f" ({block.note})" if block.note else ""
    page.multi_cell(0, 4, _latin(block.label + note), new_x="LMARGIN", new_y="NEXT")
    binary = len(block.rows) > 3  # noqa: PLR2004 - a file, not a word
    for line, check in block.rows:
        shown, marks = grouped(line)
        page.set_font("courier", size=SMALL if binary else MONO)
        page.cell(
            0, 3.4 if binary else 4.2, _latin(f"{shown}   [{check}]"), new_x="LMARGIN", new_y="NEXT"
        )
        page.cell(0, 2.2, _latin(marks), new_x="LMARGIN", new_y="NEXT")
    page.ln(1)


def _code(page: Any, block: Code) -> None:  # noqa: ANN401 - the same
    squares = matrix(block.payload)
    side = CODE_MM / (len(squares) + 2 * QUIET)
    if page.will_page_break(_height(block)):
        page.add_page()
    left, top = page.l_margin + QUIET * side, page.get_y() + QUIET * side
    page.set_fill_color(0)
    for y, row in enumerate(squares):
        for begin, length in runs(row):
            page.rect(left + begin * side, top + y * side, length * side, side, style="F")
    page.set_y(page.get_y() + CODE_MM)
    page.set_font("helvetica", size=SMALL)
    page.multi_cell(0, 4, _latin(block.caption), new_x="LMARGIN", new_y="NEXT")
    page.ln(1)


def runs(row: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield where dark squares begin in a row and how many there are."""
    begin = None
    for at, square in enumerate((*row, 0)):
        if square and begin is None:
            begin = at
        elif not square and begin is not None:
            yield begin, at - begin
            begin = None


def folded(line: str, width: int = COMMAND_SIGNS) -> Iterator[str]:
    """Yield a command in lines that a page holds, each but the last ending in a backslash."""
    while len(line) > width:
        cut = line.rfind(" ", 20, width - 1)
        if cut < 0:
            break
        yield f"{line[:cut]} \\"
        line = f"    {line[cut + 1 :]}"
    yield line


def _latin(text: str) -> str:
    """Return what the built-in faces can show."""
    plain = text.translate({0x2019: "'", 0x2014: "-", 0x2026: "...", 0x153: "oe", 0x20AC: "EUR"})
    return plain.encode("latin-1", "replace").decode("latin-1")
