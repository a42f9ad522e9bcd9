"""Tables as files: XLSX and CSV in, XLSX and CSV out. Slow: call it in a thread.

What is written never runs as a formula: text that begins like one is marked as text.
"""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self
from xml.parsers.expat import ExpatError

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from app.platform.tables.xlsx import CELLS_A_ROW_MAX, read_rows
from app.shared.money import Money
from app.shared.tables.form import (
    IMPORT_ROWS_MAX,
    Cell,
    ImportEmpty,
    ImportFileUnreadable,
    ImportTooLong,
    RawRow,
    cell_name,
)

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"

# Spreadsheet programs set to East Asian languages take the full-width forms for the same.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ExpatError,
    StopIteration,
    NotImplementedError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read.

    Attributes:
        header: The first row that is not empty.
        rows: Those below it that are not empty, hidden ones too.
    """

    header: RawRow
    rows: tuple[RawRow, ...]


def read_sheet(content: bytes, media_type: str, preferred: str) -> Sheet:
    """Read the table of an uploaded file.

    Args:
        preferred: Name of the sheet, if there is one of this name; else the first.

    Raises:
        ImportFileUnreadable: Neither XLSX nor CSV, or damaged, or huge when unpacked.
        ImportEmpty: No row below the header.
        ImportTooLong: More than 20,000 rows.

    Invariant: P60.
    """
    try:
        if media_type == XLSX:
            rows = list(_limited(read_rows(content, preferred)))
        elif media_type.startswith("text/csv"):
            rows = list(_limited(_csv_rows(content)))
        else:
            raise ImportFileUnreadable(
                "Upload the table as XLSX or CSV.", field="file_id", accepted=["xlsx", "csv"]
            )
    except _UNREADABLE as failure:
        raise ImportFileUnreadable(
            "The file is damaged or not what its name says.",
            field="file_id",
            accepted=["xlsx", "csv"],
        ) from failure
    if len(rows) < 2:
        raise ImportEmpty("There is no row below the header.", field="file_id")
    return Sheet(rows[0], tuple(rows[1:]))


def _limited(rows: Iterable[RawRow]) -> Iterator[RawRow]:
    for count, row in enumerate(rows):
        if count > IMPORT_ROWS_MAX:
            raise ImportTooLong(
                "Split the file.", field="file_id", accepted_rows_max=IMPORT_ROWS_MAX
            )
        yield row


def _csv_rows(content: bytes) -> Iterator[RawRow]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")  # as spreadsheets here still save
    try:
        for number, values in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
            cells = tuple(map(_shown, values[:CELLS_A_ROW_MAX]))
            if any(cells):
                yield RawRow(number, cells)
    except csv.Error as failure:
        raise ValueError(str(failure)) from failure


def _shown(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip()
    return text[1:] if text[:1] == "'" and _runs(text) else text


def _runs(text: str) -> bool:
    return text.lstrip("'").startswith(_FORMULA_STARTS)


def write_csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as CSV that spreadsheet programs open as UTF-8; invariant P61."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(
            "'" + cell if isinstance(cell, str) and _runs(cell) else str(cell) for cell in row
        )
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(sheets: Sequence[tuple[str, Sequence[Sequence[Cell]]]]) -> bytes:
    """Return tables as XLSX, each with its name; the first row is the header; invariant P61."""
    book = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for place in range(len(rows[0])):
            sheet.column_dimensions[_letters(place)].width = 24
        sheet.append([_styled(sheet, str(text), header=True) for text in rows[0]])
        # A row is written when it is appended, so the cells of a column serve all its rows:
        # styling one costs more than all else.
        columns = [_Column.of(sheet) for _ in range(max(map(len, rows)))]
        for row in rows[1:]:
            sheet.append([column.filled(cell) for cell, column in zip(row, columns, strict=False)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _letters(place: int) -> str:
    return re.sub(r"\d", "", cell_name(place, 1))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column's cells, one a kind of content."""

    plain: WriteOnlyCell
    quoted: WriteOnlyCell
    count: WriteOnlyCell
    amount: WriteOnlyCell

    @classmethod
    def of(cls, sheet: Worksheet) -> Self:
        count, amount = _styled(sheet, ""), _styled(sheet, "")
        count.number_format, amount.number_format = "0", "#,##0.00"
        return cls(_styled(sheet, ""), _styled(sheet, "="), count, amount)

    def filled(self, content: Cell) -> WriteOnlyCell:
        match content:
            case str():
                return _filled(self.quoted if _runs(content) else self.plain, content)
            case Money():
                self.amount.value = Decimal(str(content))
                return self.amount
            case _:
                self.count.value = content
                return self.count


def _filled(cell: WriteOnlyCell, text: str) -> WriteOnlyCell:
    cell.value = text
    if text:
        cell.data_type = "s"
    return cell


def _styled(sheet: Worksheet, text: str, *, header: bool = False) -> WriteOnlyCell:
    cell = _filled(WriteOnlyCell(sheet), text)
    cell.quotePrefix = _runs(text)
    cell.font = Font(bold=header)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
