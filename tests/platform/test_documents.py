"""Documents: the same data, the same PDF/A with Chinese text."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.platform import documents
from app.platform.documents import GlyphMissing, render_pdf

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
TEMPLATE = """
#import "/platform/documents/report.typ": *
#let data = json(bytes(sys.inputs.data))
#show: report.with(title: data.title, number: "ZP-1", issuer: "测试技术交易中心")
#facts(("金额", money(data.money)), ("空", none))
#listing(("甲", "乙"), data.rows)
#chart(data.svg, width: 3cm)
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
DATA = {
    "title": "估值报告",
    "money": {"amount": "1.00", "currency": "CNY"},
    "rows": [["一", "二"], ["三", "四"]],
    "svg": SVG,
}


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template beside a copy of the exchange's looks."""
    looks = tmp_path / "platform" / "documents" / "report.typ"
    looks.parent.mkdir(parents=True)
    looks.write_bytes((Path(documents.__file__).parent / "report.typ").read_bytes())
    monkeypatch.setattr(documents, "_ROOT", tmp_path)
    path = tmp_path / "t.typ"
    path.write_text(TEMPLATE, encoding="utf-8")
    return path


def test_equal_data_give_equal_archival_bytes(template: Path) -> None:
    first, again = (render_pdf(template, DATA, at=AT) for _ in range(2))
    assert first == again
    assert first.startswith(b"%PDF")
    assert b"pdfaid" in first
    assert render_pdf(template, DATA | {"title": "另一份"}, at=AT) != first


def test_a_character_beyond_the_font_is_named(template: Path) -> None:
    with pytest.raises(GlyphMissing) as refused:
        render_pdf(template, DATA | {"title": "新型😀估值"}, at=AT)
    assert refused.value.fields["characters"] == ["😀"]
