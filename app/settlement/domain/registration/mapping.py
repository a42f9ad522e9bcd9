"""The mapping of the national form: which fields it has, how they are called, what they may hold.

The form and what else a record holds are data with a version: ``data/registration_mapping.json``.
The sheet is written by it, tables are read by it, and the rules on fields follow it.

Source: rules.md section 5; no official import format of the national system was found.
"""

import json
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from app.settlement.domain.registration.record import ContractRecord, Side
from app.settlement.domain.registration.report import Section

_DATA: Final = Path(__file__).parents[2] / "data" / "registration_mapping.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a record.

    Attributes:
        name: In JSON, in findings, and as a header; a party's begins with ``seller_``, ``buyer_``.
        section: Where in the contract its value stands.
        kind: text, code, region, industry, word, money, day, yes_no, count or list.
        form: Whether the national form asks for it.
        table: The code table, or list of words, of its values.
        leaf: Whether a value with narrower ones under it is too broad.
        required: When the form is incomplete without it: a name of ``_CONDITIONS``.
        longest: Characters.
        unit: Of an amount: ``yuan`` for 元.
        aliases: What else people call it.
    """

    name: str
    label_zh: str
    label_en: str
    section: Section
    kind: str
    form: bool
    table: str | None = None
    leaf: bool = False
    required: str | None = None
    longest: int | None = None
    unit: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where a record has it."""
        for prefix in ("seller_", "buyer_"):
            if self.name.startswith(prefix):
                return f"{prefix[:-1]}.{self.name.removeprefix(prefix)}"
        return self.name

    def value_of(self, record: ContractRecord) -> Any:
        """Return the record's value."""
        return attrgetter(self.path)(record)

    def required_of(self, record: ContractRecord) -> bool:
        """Return whether this record cannot do without it."""
        return self.required is not None and _is_met(self.required, self.name, record)


def _is_met(condition: str, name: str, record: ContractRecord) -> bool:
    side: Side = record.seller if name.startswith("seller_") else record.buyer
    match condition:
        case "always":
            return True
        case "organisation":
            return not side.is_person
        case "enterprise":
            return side.is_enterprise
        case "in_china":
            return not side.is_abroad
        case "abroad":
            return side.is_abroad
        case "amount_known":
            return record.amount_known is not False
    raise ValueError(f"no condition {condition!r}")


@dataclass(frozen=True, slots=True)
class Mapping:
    """The fields in the form's order, then what else a record holds.

    Attributes:
        effective_on: ISO day from which this version is used.
    """

    version: str
    effective_on: str
    source: str
    fields: tuple[FormField, ...]

    @property
    def form(self) -> tuple[FormField, ...]:
        """The fields of the national form."""
        return tuple(field for field in self.fields if field.form)


@cache
def mapping() -> Mapping:
    """Return the mapping, read once."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    fields = tuple(
        FormField(
            **row | {"section": Section(row["section"]), "aliases": tuple(row.get("aliases", ()))}
        )
        for row in data["fields"]
    )
    return Mapping(data["version"], data["effective_on"], data["source"], fields)


@cache
def field_of(name: str) -> FormField:
    """Return a field by its name."""
    return next(field for field in mapping().fields if field.name == name)
