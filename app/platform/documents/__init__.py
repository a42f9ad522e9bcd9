"""Documents as PDF/A in Chinese, and their charts.

A template is a Typst file beside the module that owns it; it reads its data by
``#let data = json(bytes(sys.inputs.data))`` and begins with
``#import "/platform/documents/report.typ": *``. The same data give the same bytes.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import pylopdf_fonts_zh_cn as fonts
import typst

from app.shared.jsonable import jsonable

_ROOT: Final = Path(__file__).parents[2]  # of templates and what they import
# Archival: fonts inside, nothing that changes; only the third part may carry other files.
Standard = Literal["a-2b", "a-3b"]


def render_pdf(template: Path, data: Any, *, at: datetime, standard: Standard = "a-2b") -> bytes:
    """Return a document; takes about 0.1 s of CPU, so never call it in a transaction.

    Args:
        template: A ``.typ`` file below ``app/``.
        data: Values that `jsonable` knows.
        at: The document's date, aware.
        standard: The part of PDF/A.
    """
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
    return pdf


@cache
def _fonts() -> Path:
    return Path(fonts.sans_path()).parent
