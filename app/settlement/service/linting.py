"""Use case: lint contracts that are none of ours: JSON, CSV and XLSX. Nothing is stored (ST175).

Slow for many contracts: call it in a thread.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from app.platform.tables.report import TableFormat, write_template
from app.platform.tables.sheets import CSV, XLSX, read_sheet, write_xlsx
from app.settlement.domain.registration.linter import RULES
from app.settlement.domain.registration.mapping import mapping
from app.settlement.domain.registration.reading import Read, read_object
from app.settlement.domain.registration.report import Report
from app.settlement.domain.registration.tables import (
    COLUMNS,
    EXAMPLE,
    SHEET,
    beside,
    read_table,
    words,
)
from app.shared.errors import RuleBroken
from app.shared.jsonable import jsonable
from app.shared.tables.form import RawRow

_KINDS: Final = {".xlsx": XLSX, ".csv": CSV}


class RecordsUnreadable(RuleBroken):
    """The file holds no contract records."""

    code = "records_unreadable"
    title_zh = "文件中没有可读的合同记录"
    title_en = "The file holds no contract records"


@dataclass(frozen=True, slots=True)
class Linted:
    """A contract with its report.

    Attributes:
        place: Its row in a table, else its place in the list, from 1.
        unused: Names in it that no field has.
    """

    place: int
    read: Read
    report: Report


@dataclass(frozen=True, slots=True)
class LintedFile:
    """All contracts of a file.

    Attributes:
        unused: Headers, or names in JSON, that no field has.
        table: The header and rows of a table.
    """

    contracts: tuple[Linted, ...]
    unused: tuple[str, ...] = ()
    table: tuple[RawRow, tuple[RawRow, ...]] | None = None

    @property
    def ready(self) -> bool:
        """Whether no contract has an error."""
        return all(linted.report.ready for linted in self.contracts)

    def told(self) -> dict[str, Any]:
        """Return it as JSON, as the route answers it."""
        return {
            "mapping_version": mapping().version,
            "rules": len(RULES),
            "ready": self.ready,
            "unused": list(self.unused),
            "contracts": [
                {
                    "place": linted.place,
                    "number": linted.read.record.number,
                    "project_name": linted.read.record.project_name,
                    "ready": linted.report.ready,
                    "findings": jsonable(linted.report.findings),
                }
                for linted in self.contracts
            ],
        }


def lint_objects(objects: Sequence[Any], *, today: date) -> LintedFile:
    """Lint JSON objects.

    Raises:
        RecordsUnreadable: One is no object; names its place.
    """
    linted = []
    for place, told in enumerate(objects, start=1):
        if not isinstance(told, dict):
            raise RecordsUnreadable(
                f"Record {place} is no object.", field=f"records.{place - 1}", accepted="object"
            )
        read = read_object(told)
        linted.append(Linted(place, read, read.judged(today=today)))
    unused = sorted({name for item in linted for name in item.read.unused})
    return LintedFile(tuple(linted), tuple(unused))


def lint_table(content: bytes, media_type: str, *, today: date) -> LintedFile:
    """Lint a table, one row a contract.

    Raises:
        ImportFileUnreadable, ImportEmpty, ImportTooLong, ImportColumnsInvalid: See each.
    """
    sheet = read_sheet(content, media_type, SHEET)
    read = read_table(sheet.header, sheet.rows)
    linted = tuple(
        Linted(row.number, record, record.judged(today=today)) for row, record in read.rows
    )
    return LintedFile(linted, read.unused, (read.header, tuple(row for row, _ in read.rows)))


def lint_content(content: bytes, suffix: str, *, today: date) -> LintedFile:
    """Lint a file by its suffix: ``.json``, ``.csv`` or ``.xlsx``.

    Raises:
        RecordsUnreadable: Another suffix, no JSON, or not an object or a list of objects.
        ImportFileUnreadable, ImportEmpty, ImportTooLong, ImportColumnsInvalid: See each.
    """
    if suffix in _KINDS:
        return lint_table(content, _KINDS[suffix], today=today)
    if suffix != ".json":
        raise RecordsUnreadable("Give a JSON, CSV or XLSX file.", accepted=["json", "xlsx", "csv"])
    try:
        # Amounts keep every digit that was written.
        told = json.loads(content.decode("utf-8-sig"), parse_float=str)
    except (ValueError, RecursionError):
        raise RecordsUnreadable("The file is no JSON.", accepted="JSON in UTF-8") from None
    if isinstance(told, dict):
        told = told["records"] if isinstance(told.get("records"), list) else [told]
    if not isinstance(told, list) or not told:
        raise RecordsUnreadable("Give one record or a list of records.", accepted="records")
    return lint_objects(told, today=today)


def table_beside(linted: LintedFile) -> bytes:
    """Return a table as XLSX with what was found beside each row."""
    assert linted.table is not None
    header, rows = linted.table
    reports = (item.report for item in linted.contracts)
    return write_xlsx([(SHEET, beside(header, list(zip(rows, reports, strict=True))))])


@cache
def template() -> bytes:
    """Return the XLSX template: header, an example, accepted words, notes."""
    return write_template(
        TableFormat.XLSX,
        sheet=SHEET,
        columns=COLUMNS,
        example=[EXAMPLE.get(column.name, "") for column in COLUMNS],
        words=words(),
    )
