"""Documents as PDF/A in Chinese, and their charts.

A template is a Typst file beside the module that owns it; it reads its data by
``#let data = json(bytes(sys.inputs.data))`` and begins with
``#import "/platform/documents/report.typ": *``. The same data give the same bytes.
"""

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import pylopdf_fonts_zh_cn as fonts
import typst

from app.shared.errors import RuleBroken
from app.shared.jsonable import jsonable

_ROOT: Final = Path(__file__).parents[2]  # of templates and what they import
# Archival: fonts inside, nothing that changes; only the third part may carry other files.
Standard = Literal["a-2b", "a-3b"]


_UNSHOWN: Final = re.compile(r'the text `"(.+?)"` could not be displayed')


class GlyphMissing(RuleBroken):
    """An archival document shows every character, and its font has not all there are."""

    code = "glyph_missing"
    title_zh = "文档含有字体无法显示的字符"
    title_en = "The document's font lacks a character"


def render_pdf(template: Path, data: Any, *, at: datetime, standard: Standard = "a-2b") -> bytes:
    """Return a document; takes about 0.1 s of CPU, so never call it in a transaction.

    Args:
        template: A ``.typ`` file below ``app/``.
        data: Values that `jsonable` knows.
        at: The document's date, aware.
        standard: The part of PDF/A.

    Raises:
        GlyphMissing: The data have characters beyond the font, such as pictograms; names them.
    """
    try:
        pdf: bytes = typst.compile(
            str(template),
            root=str(_ROOT),
            font_paths=[str(_fonts())],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=standard,
            sys_inputs={"data": json.dumps(jsonable(data), ensure_ascii=False)},
            timestamp=at.replace(microsecond=0),  # typst refuses parts of a second
        )
    except typst.TypstError as failure:
        unshown = sorted(set(_UNSHOWN.findall(str(failure))))
        if not unshown:
            raise
        raise GlyphMissing(
            "Write these characters otherwise, or read the document in another form.",
            characters=unshown,
        ) from failure
    return pdf


@cache
def _fonts() -> Path:
    return Path(fonts.sans_path()).parent
