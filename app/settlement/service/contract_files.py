"""A contract's text as PDF/A and docx, both from the same model; pure, for a thread."""

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

from app.platform.documents import render_pdf

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "contract.typ"
_FONT: Final = "宋体"
_BODY_PT: Final = 11
_TITLE_PT: Final = 18
_SMALL_PT: Final = 8


def to_pdf(
    model: Mapping[str, Any], *, text_hash: str, exchange: str, drafted_at: datetime
) -> bytes:
    """Return a text as PDF/A; the same text gives the same bytes (ST33).

    Args:
        model: As `contract_text.model_of` gives it.
        drafted_at: The document's date.
    """
    data = {"text": model, "text_hash": text_hash, "exchange": exchange}
    return render_pdf(_TEMPLATE, data, at=drafted_at)


def to_docx(model: Mapping[str, Any], *, text_hash: str, exchange: str) -> bytes:
    """Return a text as docx, with the same words in the same order as the PDF (ST33)."""
    document = _blank(f"{exchange}　{model['number']}", f"文本摘要值（SHA-256）：{text_hash}")
    heading = document.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = heading.add_run(model["title"])
    run.bold, run.font.size = True, Pt(_TITLE_PT)
    document.add_paragraph(f"项目名称：{model['project_name']}")
    document.add_paragraph(f"文本编号：{model['number']}")
    for party in model["parties"]:
        _bold(document, party["designation"])
        for label, value in party["lines"]:
            document.add_paragraph(f"{label}：{value}")
    document.add_paragraph(model["preamble"])
    for section in model["sections"]:
        _bold(document, section["title"])
        for clause in section["clauses"]:
            _bold(document, f"第{clause['number']}条　{clause['title']}")
            for paragraph in clause["paragraphs"]:
                document.add_paragraph(paragraph)
    for block in model["signatures"]:
        _bold(document, f"{block['designation']}：{block['name']}")
        for line in block["lines"]:
            document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _blank(head: str, foot: str) -> DocxDocument:
    document = Document()
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(_BODY_PT)
    # Chinese characters take their font from another attribute than Latin ones.
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    section = document.sections[0]
    for part, said in ((section.header, head), (section.footer, foot)):
        part.paragraphs[0].add_run(said).font.size = Pt(_SMALL_PT)
    return document


def _bold(document: DocxDocument, said: str) -> None:
    document.add_paragraph().add_run(said).bold = True
