"""Tables over HTTP: the format asked for, files as attachments, faults, pages of a report."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Query, Response
from pydantic import Field

from app.platform.schema import View
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import CSV, XLSX

_MEDIA_TYPES: Final = {TableFormat.XLSX: XLSX, TableFormat.CSV: CSV}
_ROW_BEYOND: Final = 2**31

Format = Annotated[TableFormat, Query(alias="format", description="xlsx or csv")]


class FaultView(View):
    """One fault of a row, in Chinese."""

    cell: str = Field(examples=["C12"])
    column: str
    rule: str = Field(examples=["code_unknown"])
    message: str = Field(examples=["技术领域“新材科”不在代码表中"])
    mend: str = Field(description="What would pass")


def table_file(content: bytes, kind: TableFormat, name: str) -> Response:
    """Return a table as an attachment of this name."""
    disposition = f"attachment; filename*=UTF-8''{quote(f'{name}.{kind}', safe='')}"
    headers = {"Content-Disposition": disposition}
    return Response(content, media_type=_MEDIA_TYPES[kind], headers=headers)


def row_number(key: object) -> int:
    """Return the row of a report's cursor.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(key, int) or not 0 <= key < _ROW_BEYOND:
        raise ValueError("no row of a sheet")
    return key
