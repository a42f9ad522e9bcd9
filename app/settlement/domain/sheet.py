"""The registration preparation sheet 技术合同认定登记准备表: every field of the national form.

No official import format of the national system was found, so this is what a clerk copies from:
the form's fields in its order, with the code tables' Chinese wording beside our names, and the
version of the mapping. Unknown stays null and is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import attrgetter
from typing import Any

from app.settlement.domain.registration.mapping import mapping
from app.settlement.domain.registration.record import ContractRecord
from app.shared import codes
from app.shared.codes import CodeEntry
from app.shared.money import Money

Value = str | bool | Money | date | None


@dataclass(frozen=True, slots=True)
class SheetField:
    """One field of the form.

    Attributes:
        name: Stable name of the mapping.
        label_zh: The form's wording.
        value: ``None`` is unknown.
        value_label: The code table's Chinese wording of a coded value.
        value_code: The official number of a coded value, if there is one.
        required: Whether the office sends the form back without it.
    """

    name: str
    label_zh: str
    value: Value
    value_label: str | None = None
    value_code: str | None = None
    required: bool = True


@cache
def _entries(table: str) -> Mapping[str, CodeEntry]:
    """Return a table's entries by name; industries also by their letter."""
    entries = codes.table(table).entries
    by_code = {entry.code: entry for entry in entries if entry.code} if table == "industry" else {}
    return by_code | {entry.name: entry for entry in entries}


@cache
def _form() -> tuple[tuple[Any, Any], ...]:
    return tuple((field, attrgetter(field.path)) for field in mapping().form)


def write_sheet(record: ContractRecord) -> tuple[SheetField, ...]:
    """Return the form's fields in its order.

    Source: rules.md section 5, fields of the national form.
    """
    sheet = []
    for field, read in _form():
        value, label, code = read(record), None, None
        if field.table is not None and value is not None:
            entries = _entries(field.table)
            entry = entries.get(value)
            if entry is None and field.kind == "industry":
                entry = entries.get(value[:1])  # C3512 is of the section C
            if entry is not None:
                label = entry.label_zh
                code = value if field.kind == "industry" and value not in entries else entry.code
        required = field.required_of(record)
        sheet.append(SheetField(field.name, field.label_zh, value, label, code, required))
    return tuple(sheet)
