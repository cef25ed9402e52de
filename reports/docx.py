"""The report as DOCX in the administrative layout (NĐ 30/2020/NĐ-CP, Phụ lục I), for an office to edit."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any, Final

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from hatang.reports.document import Block, Document, Figure, Heading, Paragraph, Table

_FONT: Final = "Times New Roman"
_PADDING_TWIPS: Final = "45"
"""Left and right of a cell's words, 0.8 mm: the shares of a line reckon with narrow margins."""
_MARGINS_MM: Final = {"top_margin": 20, "bottom_margin": 20, "left_margin": 30, "right_margin": 20}


def report_docx(report: Document, *, as_of: dt.date) -> bytes:
    """Return the report as DOCX; equal reports give documents with equal content, dated `as_of`."""
    document = docx.Document()
    _page(document.sections[0])
    _styles(document)
    moment = dt.datetime.combine(as_of, dt.time())
    document.core_properties.created = document.core_properties.modified = moment
    document.core_properties.title, document.core_properties.author = report.subject, report.office
    _head(document, report)
    for number, (landscape, blocks) in enumerate(report.runs()):
        if number > 0 or landscape:
            _page(document.add_section(), landscape=landscape)
        for block in blocks:
            _block(document, block)
    _foot(document, report)
    _running(document, report)
    sink = io.BytesIO()
    document.save(sink)
    return sink.getvalue()


def _page(section: Any, *, landscape: bool = False) -> None:
    width, height = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = width, height
    for name, size in _MARGINS_MM.items():
        setattr(section, name, Mm(size))


def _styles(document: Any) -> None:
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(13)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    normal.paragraph_format.space_after = Pt(6)
    for level, size in ((1, 13), (2, 13)):
        style = document.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.bold, style.font.color.rgb = _FONT, Pt(size), True, None
        fonts = style.element.rPr.rFonts
        for script in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.attrib.pop(qn(f"w:{script}Theme" if script != "cs" else "w:cstheme"), None)  # a theme's font outranks a named one
            fonts.set(qn(f"w:{script}"), _FONT)


def _line(cell_or_document: Any, words: str, *, bold: bool = False, italic: bool = False, size: float = 13, centre: bool = True) -> Any:
    paragraph = cell_or_document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run(words)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)
    return paragraph


def _rule_below(paragraph: Any) -> None:
    """Draw a line under a paragraph, as the layout asks for; the words are not underlined."""
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)  # noqa: SLF001 - python-docx has no call for borders
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(14)


def _head(document: Any, report: Document) -> None:
    table = document.add_table(rows=1, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _widen(table, (Mm(68), Mm(98)))
    left, right = table.rows[0].cells
    for cell in (left, right):
        cell.paragraphs[0]._p.getparent().remove(cell.paragraphs[0]._p)  # noqa: SLF001 - a new cell holds an empty paragraph
    _line(left, report.authority, size=12)
    _rule_below(_line(left, report.office, bold=True, size=12))
    _line(left, f"Số:        {report.sign}", size=13)
    _line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, size=12)
    _rule_below(_line(right, "Độc lập - Tự do - Hạnh phúc", bold=True, size=13))
    _line(right, report.place_date, italic=True)
    _line(document, report.title, bold=True, size=14)
    _rule_below(_line(document, report.subject, bold=True, size=14))
    for label in report.labels:
        _line(document, label.upper(), bold=True, size=12)
    _line(document, report.addressee, size=14)


def _block(document: Any, block: Block) -> None:
    if isinstance(block, Heading):
        if block.level == 0:
            document.add_page_break()
        document.add_heading(block.text, level=max(block.level, 1))
    elif isinstance(block, Paragraph):
        _line(document, block.text, centre=False)
    elif isinstance(block, Table):
        _table(document, block)
    else:
        _figure(document, block)


def _table(document: Any, block: Table) -> None:
    _line(document, block.caption, bold=True, size=12).paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(block.header), style="Table Grid")
    table.autofit = False
    usable = (297 if block.wide else 210) - _MARGINS_MM["left_margin"] - _MARGINS_MM["right_margin"]
    widths = [Mm(usable * share) for share in block.shares()]
    aligned = block.aligned()
    _widen(table, widths)
    for row, cells in enumerate([block.header, *block.rows]):
        line = table.rows[0] if row == 0 else table.add_row()
        line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 - python-docx has no call to keep a row whole
        for column, (cell, words) in enumerate(zip(line.cells, cells, strict=True)):
            cell.width = widths[column]
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(words)
            run.font.size, run.bold = Pt(block.size_pt), row == 0
            paragraph.alignment = (
                WD_ALIGN_PARAGRAPH.CENTER if row == 0 else WD_ALIGN_PARAGRAPH.RIGHT if aligned[column] == "right" else None
            )
    header = table.rows[0]._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no call for repeated headings
    header.append(OxmlElement("w:tblHeader"))
    _line(document, block.note, italic=True, size=10)


def _widen(table: Any, widths: Sequence[Any]) -> None:
    """Set the widths of a table's grid and of its first row, some word processors going by the one, some by the other; and its margins."""
    for column, cell, width in zip(table.columns, table.rows[0].cells, widths, strict=True):
        column.width = cell.width = width
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), _PADDING_TWIPS)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)  # noqa: SLF001 - python-docx has no call for the margins of cells


def _figure(document: Any, block: Figure) -> None:
    document.add_picture(io.BytesIO(block.png), width=Mm(160))
    document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
    _line(document, block.caption, italic=True, size=11)


def _foot(document: Any, report: Document) -> None:
    _line(document, report.closing, centre=False)
    table = document.add_table(rows=1, cols=2)
    left, right = table.rows[0].cells
    _line(left, "Nơi nhận:", bold=True, italic=True, size=12, centre=False)
    for recipient in report.recipients:
        _line(left, f"- {recipient}", size=11, centre=False)
    _line(right, report.signer, bold=True)


def _running(document: Any, report: Document) -> None:
    """Put the page number in the middle above, not on page 1, and the labels below every page."""
    for number, section in enumerate(document.sections):
        section.different_first_page_header_footer = number == 0
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = number > 0
    first = document.sections[0]
    paragraph = first.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, words in (("begin", None), (None, "PAGE"), ("end", None)):
        run = paragraph.add_run()
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = words
        run._r.append(element)  # noqa: SLF001 - fields have no call of their own
    for footer in (first.footer, first.first_page_footer):
        run = footer.paragraphs[0].add_run(" · ".join(report.labels))
        run.italic, run.font.size = True, Pt(10)
        footer.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
