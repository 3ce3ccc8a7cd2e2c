"""A model card as a Word document, of which the same card makes the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from modelyard.analysis.charts.types import Drawn
from modelyard.archives.writing import LONG_AGO
from modelyard.dossiers.types import Card, CardSection, CardTable
from modelyard.evaluations.charting.stills import Stills

UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML holds."""
WIDTH, ACROSS = 640, Cm(15.5)
"""Of charts: pixels, and how wide they stand on a page of A4."""
MUTED = RGBColor(0x59, 0x65, 0x79)
GRID = "Light Grid Accent 1"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""What the document says of when it was made, which would be another moment each time."""


def word(card: Card) -> bytes:
    """The card as .docx."""
    document = docx.Document()
    _begin(document, card)
    with Stills() as stills:
        for section in card.sections:
            _section(document, section, stills)
    written = io.BytesIO()
    document.save(written)
    return _timeless(written)


def _begin(document: Any, card: Card) -> None:
    page, told = document.sections[0], document.core_properties
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2.5)
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Calibri", Pt(10)
    told.title, told.author = _fit(f"Model card: {card.title}"), "Modelyard"
    told.comments, told.subject = "", card.version
    told.created = told.modified = EPOCH
    told.revision, told.last_modified_by = 1, "Modelyard"
    document.add_heading(_fit(f"Model card: {card.title}"), 0)
    document.add_paragraph(_fit(card.summary))
    document.add_paragraph().add_run(_fit(card.standing)).bold = True


def _section(document: Any, section: CardSection, stills: Stills) -> None:
    document.add_heading(section.title, 1)
    for text in section.texts:
        for paragraph in filter(None, (each.strip() for each in text.text.split("\n"))):
            document.add_paragraph(_fit(paragraph))
        _muted(document, text.source)
    for missing in section.missing:
        paragraph = document.add_paragraph(style="Intense Quote")
        paragraph.add_run(_fit(f"Missing. {missing}"))
    if section.facts:
        rows = tuple((each.name, each.value) for each in section.facts)
        _table(document, CardTable(columns=("", ""), rows=rows))
    for table in section.tables:
        if table.title:
            document.add_heading(_fit(table.title), 2)
        _table(document, table)
    for chart in section.charts:
        _chart(document, chart, stills)


def _table(document: Any, table: CardTable) -> None:
    """Its first line is repeated on each page."""
    named = any(table.columns)
    made = document.add_table(rows=0, cols=len(table.columns), style=GRID)
    for row in (*([table.columns] if named else []), *table.rows):
        for cell, text in zip(made.add_row().cells, row, strict=True):
            cell.text = _fit(text)
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(8)
    if named:
        heading = OxmlElement("w:tblHeader")
        heading.set(qn("w:val"), "true")
        made.rows[0]._tr.get_or_add_trPr().append(heading)
    if table.left_out:
        _muted(document, f"and {table.left_out:,} more")
    document.add_paragraph()


def _chart(document: Any, chart: Drawn, stills: Stills) -> None:
    """As a picture, which says what is to be seen on it."""
    document.add_heading(_fit(chart.title), 2)
    picture = stills.file(chart, "png", WIDTH, "light")
    shape = document.add_picture(io.BytesIO(picture), width=ACROSS)
    shape._inline.docPr.set("descr", _fit(chart.description))
    _muted(document, chart.description)


def _muted(document: Any, text: str) -> None:
    run = document.add_paragraph().add_run(_fit(text))
    run.font.size, run.font.color.rgb = Pt(8), MUTED


def _fit(text: str) -> str:
    return UNFIT.sub(" ", text)


def _timeless(written: io.BytesIO) -> bytes:
    """The same document without the moment at which its parts were written."""
    out = io.BytesIO()
    with zipfile.ZipFile(written) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        for info in made.infolist():
            part = zipfile.ZipInfo(info.filename, LONG_AGO)
            part.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(part, made.read(info))
    return out.getvalue()
