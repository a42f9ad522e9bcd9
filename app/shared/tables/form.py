"""The columns of a table: what a header row must say, and how a fault is told."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.shared.errors import RuleBroken
from app.shared.money import Money

# What a written cell holds; counts and amounts are numbers that spreadsheets can add up.
Cell = str | int | Money

IMPORT_ROWS_MAX: Final = 20_000
_SHOWN_MAX: Final = 40  # characters of a cell that a fault repeats

_LETTERS: Final = 26
_MARKS: Final = re.compile(r"\*|[(\[【]?必填[)\]】]?")
_UNIT: Final = re.compile(r"\((万?元)\)$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the template.

    Attributes:
        name: In English; also accepted as the header.
        label: In Chinese, as the template writes it.
        note: How it is filled in, in Chinese.
        vocabulary: The code table or list of words that it takes.
        unit: Whether its header may say ``（元）`` or ``（万元）`` for all rows.
        aliases: What else people call it.
    """

    name: str
    label: str
    required: bool
    note: str
    vocabulary: str | None = None
    unit: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the file has it.

    Attributes:
        number: As spreadsheet programs count, from 1.
        cells: Texts, stripped; empty where nothing stands.
        spoiled: Places whose text is not what the author sees: ``formula`` (no stored result)
            or ``merged``.
    """

    number: int
    cells: tuple[str, ...]
    spoiled: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """Where each column stands.

    Attributes:
        places: Index of the cell by the column's name.
        units: ``元`` or ``万元`` by the column's name, if its header says it.
    """

    places: Mapping[str, int]
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a row, in Chinese.

    Attributes:
        cell: Such as ``C12``.
        column: Its header.
        rule: A stable code.
        mend: What would pass.
    """

    cell: str
    column: str
    rule: str
    message: str
    mend: str


class ImportColumnsInvalid(RuleBroken):
    """The header row is not the template's; nothing was stored."""

    code = "import_columns_invalid"
    title_zh = "表头与模板不符，未导入任何数据"
    title_en = "The header is not the template's; nothing was imported"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(error["message"] for error in errors), errors=errors)


class ImportFileUnreadable(RuleBroken):
    """The file is no table that can be read."""

    code = "import_file_unreadable"
    title_zh = "文件无法读取，请使用 XLSX 或 CSV 模板"
    title_en = "The file cannot be read; use the XLSX or CSV template"


class ImportEmpty(RuleBroken):
    """There is no row below the header."""

    code = "import_empty"
    title_zh = "文件中没有数据行"
    title_en = "The file has no rows"


class ImportTooLong(RuleBroken):
    """More rows than one call takes; nothing was stored."""

    code = "import_too_long"
    title_zh = "数据行过多，请拆分文件"
    title_en = "The file has too many rows; split it"


def cell_name(place: int, row: int) -> str:
    """Return a cell's name such as ``C12`` of the place from 0 and the row from 1."""
    letters, left = "", place + 1
    while left:
        left, last = divmod(left - 1, _LETTERS)
        letters = chr(ord("A") + last) + letters
    return f"{letters}{row}"


def fold(text: str) -> str:
    """Return a label without what people write differently: width, case and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def shown(text: str) -> str:
    """Return the beginning of a text in quotation marks, so that every file can hold it."""
    begun = text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
    if not begun.isprintable():
        begun = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in begun)
    return f"“{begun}”"


class TableForm:
    """The columns of one kind of table.

    Attributes:
        columns: In the template's order.
        by_name: The same by their English names.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.by_name: Mapping[str, Column] = {column.name: column for column in self.columns}
        self._headers = {
            alias: column.name
            for column in self.columns
            for alias in map(fold, (column.label, column.name, *column.aliases))
        }

    def match_header(self, cells: Sequence[str], *, row: int) -> Header:
        """Find the columns by their Chinese labels or English names, in any order.

        Raises:
            ImportColumnsInvalid: Names every column that is unknown, repeated or missing.

        Invariant: SH8.
        """
        places: dict[str, int] = {}
        units: dict[str, str] = {}
        errors: list[dict[str, Any]] = []
        for place, text in enumerate(cells):
            said = _MARKS.sub("", fold(text))
            if not said:
                continue
            name = self._headers.get(said)
            if name is None and (found := _UNIT.search(said)):
                name = self._headers.get(said[: found.start()])
                if name is not None and self.by_name[name].unit:
                    units[name] = found.group(1)
                else:
                    name = None
            if name is None or name in places:
                errors.append(self._header_fault(cell_name(place, row), text, name))
            else:
                places[name] = place
        errors += [
            {
                "field": column.name,
                "rule": "column_missing",
                "message": f"缺少必填列“{column.label}”",
                "accepted": {"column": column.label},
            }
            for column in self.columns
            if column.required and column.name not in places
        ]
        if errors:
            raise ImportColumnsInvalid(errors)
        return Header(places, units)

    def _header_fault(self, cell: str, text: str, name: str | None) -> dict[str, Any]:
        if name is not None:
            rule, message = "column_repeated", f"{cell} 的列{shown(text)}重复出现"
        else:
            rule, message = "column_unknown", f"{cell} 的列{shown(text)}不在模板中"
        labels = [column.label for column in self.columns]
        return {"field": cell, "rule": rule, "message": message, "accepted": {"columns": labels}}
