"""Code tables: the national and trade vocabularies that records are filled in with.

The tables are data (``data/codes/*.json``, ``data/regions.json``), each with its version, its
source and a mark on every entry whose wording or number is unconfirmed, so one file corrects it.

Source: codes in each file's ``source``; regions GB/T 2260.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from app.shared.canonical import digest
from app.shared.errors import NotFound, RuleBroken
from app.shared.jsonable import jsonable

REGIONS: Final = "region"

_DATA: Final = Path(__file__).with_name("data")


class CodeUnknown(RuleBroken):
    """A value is not one of its code table."""

    code = "code_unknown"
    title_zh = "代码不在代码表中"
    title_en = "The value is not in its code table"


class TableUnknown(NotFound):
    """There is no code table of this name."""

    code = "code_table_unknown"
    title_zh = "没有这个代码表"
    title_en = "There is no such code table"


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One value.

    Attributes:
        name: What records hold: English snake_case, for regions the six digits.
        code: The number on official forms, if there is one.
        parent: Name of the broader entry.
        confirmed: Whether wording and number were seen in an official text.
        valid_from, valid_to: ISO dates, ``valid_to`` excluded; ``None`` is open.
    """

    name: str
    code: str | None
    label_zh: str
    label_en: str | None
    parent: str | None
    confirmed: bool
    valid_from: str | None
    valid_to: str | None


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A table with its version; ``etag`` changes with any entry."""

    name: str
    version: str
    source: str
    entries: tuple[CodeEntry, ...]
    etag: str

    @property
    def names(self) -> tuple[str, ...]:
        """The accepted values, in the table's order."""
        return tuple(entry.name for entry in self.entries)


def _table(name: str, version: str, source: str, entries: tuple[CodeEntry, ...]) -> CodeTable:
    return CodeTable(name, version, source, entries, digest(jsonable([version, source, entries])))


def _regions(path: Path) -> CodeTable:
    data = json.loads(path.read_text(encoding="utf-8"))
    entries = tuple(
        CodeEntry(row["code"], row["code"], row["name"], None, row["parent"], True, None, None)
        for row in data["entries"]
    )
    return _table(REGIONS, data["version"], data["source"], entries)


@lru_cache(maxsize=1)
def tables() -> Mapping[str, CodeTable]:
    """Return every table by name, read once; regions are the table ``region``."""
    found = {}
    for path in sorted((_DATA / "codes").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(CodeEntry(**row) for row in data["entries"])
        found[data["table"]] = _table(data["table"], data["version"], data["source"], entries)
    found[REGIONS] = _regions(_DATA / "regions.json")
    return found


def table(name: str) -> CodeTable:
    """Return one table.

    Raises:
        TableUnknown: Names the tables there are.
    """
    try:
        return tables()[name]
    except KeyError:
        raise TableUnknown("There is no such code table.", accepted=sorted(tables())) from None


@lru_cache(maxsize=64)
def _names(table_name: str) -> frozenset[str]:
    return frozenset(table(table_name).names)


@lru_cache(maxsize=64)
def _labels(table_name: str) -> Mapping[str, str]:
    return {entry.name: entry.label_zh for entry in table(table_name).entries}


def label(table_name: str, name: str) -> str:
    """Return a value's Chinese label; a value that the table has no longer is its own."""
    return _labels(table_name).get(name, name)


@lru_cache(maxsize=4096)
def chain(table_name: str, name: str) -> tuple[str, ...]:
    """Return a value with all the broader ones above it, itself first."""
    parents = {entry.name: entry.parent for entry in table(table_name).entries}
    found = [name]
    while (parent := parents.get(found[-1])) is not None:
        found.append(parent)
    return tuple(found)


@lru_cache(maxsize=4096)
def children(table_name: str, name: str) -> tuple[str, ...]:
    """Return the narrower values directly under one, in the table's order."""
    return tuple(entry.name for entry in table(table_name).entries if entry.parent == name)


@lru_cache(maxsize=16)
def last_level(scale: str) -> int:
    """Return the last level of a readiness scale; the first is 1."""
    return next(
        int(entry.code)
        for entry in table("readiness_scale").entries
        if entry.name == scale and entry.code is not None
    )


def known(table_name: str, name: str) -> bool:
    """Return whether a table has a value."""
    return name in _names(table_name)


def require(table_name: str, name: str, *, field: str) -> str:
    """Return ``name`` if the table has it.

    Args:
        field: The field to name in the refusal.

    Raises:
        CodeUnknown: Names the accepted values.
    """
    if name not in _names(table_name):
        raise CodeUnknown(
            f"The value is not in the code table '{table_name}'.",
            field=field,
            table=table_name,
            accepted=list(table(table_name).names),
        )
    return name


def require_region(code: str, *, field: str) -> str:
    """Return a known GB/T 2260 code of a province, a prefecture or a county.

    Raises:
        CodeUnknown: Names the provinces' codes; the whole table is too long for a refusal.
    """
    if code not in _names(REGIONS):
        provinces = [entry.name for entry in table(REGIONS).entries if entry.parent is None]
        raise CodeUnknown(
            "Not a known GB/T 2260 code; these are the provinces, GET /v1/codes/region has all.",
            field=field,
            table=REGIONS,
            accepted=provinces,
        )
    return code
