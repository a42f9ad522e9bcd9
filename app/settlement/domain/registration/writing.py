"""Contract records as texts of tables: what is written reads back as the same record."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.settlement.domain.registration.mapping import FormField, mapping
from app.settlement.domain.registration.reading import WORDS
from app.settlement.domain.registration.record import ContractRecord
from app.shared.money import Money
from app.shared.tables.cells import write_money
from app.shared.tables.lists import LIST, quote

_YUAN: Final = "CNY"
_FORM: Final = frozenset(field.name for field in mapping().form)


def write_value(field: FormField, value: Any) -> str:
    """Return what stands in a field's cell; empty for what is not known.

    Invariant: ST230.
    """
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case Money():
            plain = field.unit is not None and value.currency == _YUAN
            return str(value) if plain else write_money(value)
        case date():
            return value.isoformat()
        case tuple():
            return "；".join(quote(text, LIST) for text in value)
        case str() if field.table is not None and field.kind in {"code", "word", "industry"}:
            return WORDS.vocabulary(field.table).labels.get(value, value)
    return str(value)


def label_of(field: FormField) -> str:
    """Return a field's header, with its unit."""
    return field.label_zh if field.unit is None else f"{field.label_zh}（元）"


def write_table(
    records: Sequence[ContractRecord],
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return header and rows: the form's fields, and what else any of the records knows."""
    told: list[Mapping[FormField, Any]] = [
        {field: field.value_of(record) for field in mapping().fields} for record in records
    ]
    shown = [
        field
        for field in mapping().fields
        if field.name in _FORM or any(values[field] not in (None, ()) for values in told)
    ]
    header = tuple(label_of(field) for field in shown)
    rows = [tuple(write_value(field, values[field]) for field in shown) for values in told]
    return header, rows
