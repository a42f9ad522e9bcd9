"""The clauses of technology contracts 技术合同条款: versioned data, and what fills them.

``data/clauses.json`` holds every clause with the types of contract that must have it, the article
that asks for it, its parameters and its wording. Authorities change such articles: one file
corrects them, and each text names the version it was written from.

Source: rules.md section 5; 民法典 843-887 and the further articles named with each clause.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.settlement.domain.contract import family
from app.shared.findings import Findings

TEXT_LENGTH_MAX: Final = 10_000
_BLANK: Final = re.compile(r"\{(\w+)\}")
_DATA: Final = Path(__file__).parents[1] / "data" / "clauses.json"

# What parties send for one clause, by parameter; and for all of them, by clause.
Given = Mapping[str, str | int]
Parameters = Mapping[str, Given]
Fact = str | int | date | None


class ParameterKind(StrEnum):
    """What a parameter of a clause holds."""

    TEXT = "text"
    CHOICE = "choice"
    INTEGER = "integer"
    BASIS_POINTS = "basis_points"
    FACT = "fact"  # known to the deal or its contract; never sent with a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One blank of a clause.

    Attributes:
        unit: Of a number: ``calendar_day``, ``year``, ``basis_points``.
        minimum, maximum: Of a number, both included.
        values: Of a choice: its names, each with the wording that it puts into the text.
        from_fact: A fact of the deal that fills it if nobody sends a value.
        default: What the law or the usual wording says if nobody agreed otherwise.
        field: Where a missing fact is mended, e.g. ``contract.ends_on``.
        only_with: It is asked for, and accepted, only where another parameter has this value.
    """

    name: str
    kind: ParameterKind
    label_zh: str
    label_en: str
    unit: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    values: Mapping[str, str] | None = None
    from_fact: str | None = None
    default: str | int | None = None
    field: str | None = None
    only_with: Mapping[str, str] | None = None

    @property
    def accepted(self) -> dict[str, Any]:
        """What would be accepted, for a refusal."""
        told: dict[str, Any] = {"kind": str(self.kind), "label_zh": self.label_zh}
        if self.kind is ParameterKind.CHOICE:
            return told | {"values": list(self.values or {})}
        if self.kind is ParameterKind.TEXT:
            return told | {"length_max": TEXT_LENGTH_MAX}
        return told | {"unit": self.unit, "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause that certain types of contract must have.

    Attributes:
        section: Key of the book's sections, in whose order the text has them.
        source: The articles that ask for it.
        types: Contract types, broad or narrow, that it is mandatory for.
        text: Paragraphs; ``{name}`` is a parameter or a fact that every deal has. A paragraph
            whose parameter is not asked for is left out.
    """

    code: str
    section: str
    title_zh: str
    title_en: str
    source: str
    types: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseBook:
    """All clauses of one version; ``sections`` in the order of the text."""

    version: str
    source: str
    sections: Mapping[str, str]
    clauses: tuple[Clause, ...]


@cache
def book() -> ClauseBook:
    """Return the clauses, read once."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    clauses = [
        Clause(
            **row
            | {
                "types": tuple(row["types"]),
                "text": tuple(row["text"]),
                "parameters": tuple(
                    Parameter(**blank | {"kind": ParameterKind(blank["kind"])})
                    for blank in row["parameters"]
                ),
            }
        )
        for row in data["clauses"]
    ]
    order = list(data["sections"])
    return ClauseBook(
        version=data["version"],
        source=data["source"],
        sections=data["sections"],
        clauses=tuple(sorted(clauses, key=lambda clause: order.index(clause.section))),
    )


def clauses_for(contract_type: str) -> tuple[Clause, ...]:
    """Return the clauses that a sub-type of contract must have, in the text's order."""
    wanted = {contract_type, family(contract_type)}
    return tuple(clause for clause in book().clauses if wanted.intersection(clause.types))


def fill(
    clause: Clause, given: Given, facts: Mapping[str, Fact], findings: Findings
) -> tuple[str, ...]:
    """Return a clause's paragraphs; what is missing or does not fit is noted.

    Args:
        given: What the parties sent for this clause.
        facts: What the deal knows: dates, wordings, and names of choices.
        findings: Gets one fault a blank, with clause, article and what would be accepted.

    Invariant: ST31.
    """
    names = [blank.name for blank in clause.parameters if blank.kind is not ParameterKind.FACT]
    for name in sorted(given.keys() - set(names)):
        _fault(findings, clause, name, "clause_parameter_unknown", "No such blank.", names=names)
    words = {key: plain for key, value in facts.items() if (plain := _plain(value))}
    chosen: dict[str, object] = {}
    for blank in clause.parameters:
        words.pop(blank.name, None)
        asked = all(chosen.get(key) == value for key, value in (blank.only_with or {}).items())
        if not asked:
            if blank.name in given:
                _fault(
                    findings,
                    clause,
                    blank.name,
                    "clause_parameter_idle",
                    "It is asked for only with another choice.",
                    only_with=dict(blank.only_with or {}),
                )
            continue
        value = _value(blank, given, facts)
        chosen[blank.name] = value
        said = _say(clause, blank, value, findings)
        if said is not None:
            words[blank.name] = said
    return _paragraphs(clause, words)


def _value(blank: Parameter, given: Given, facts: Mapping[str, Fact]) -> Fact:
    if blank.kind is ParameterKind.FACT:
        return facts.get(blank.name)
    if blank.name in given:
        return given[blank.name]
    known = facts.get(blank.from_fact) if blank.from_fact else None
    return blank.default if known is None else known


def _say(clause: Clause, blank: Parameter, value: Fact, findings: Findings) -> str | None:
    """Return the wording of a value; ``None`` after noting why there is none."""
    if value is None or value == "":
        where = blank.field if blank.kind is ParameterKind.FACT else None
        message = "The clause needs it."
        if where:
            message = "The clause needs it; fix it in the contract's data."
        _fault(
            findings,
            clause,
            blank.name,
            "clause_parameter_missing",
            message,
            where=where,
            **blank.accepted,
        )
        return None
    said: str | None = None
    if blank.kind is ParameterKind.FACT:
        said = _plain(value)
    elif blank.kind is ParameterKind.CHOICE:
        said = (blank.values or {}).get(str(value))
    elif blank.kind is ParameterKind.TEXT:
        said = value.strip() if isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX else None
    elif type(value) is int and (blank.minimum or 0) <= value <= (blank.maximum or 0):
        said = percent(value) if blank.kind is ParameterKind.BASIS_POINTS else str(value)
    if not said:
        _fault(
            findings,
            clause,
            blank.name,
            "clause_parameter_refused",
            "The value does not fit.",
            **blank.accepted,
        )
    return said or None


def _paragraphs(clause: Clause, words: Mapping[str, str]) -> tuple[str, ...]:
    blanks = {blank.name for blank in clause.parameters}
    told = []
    for paragraph in clause.text:
        if any(f"{{{name}}}" in paragraph for name in blanks - words.keys()):
            continue
        # In one pass: braces that the parties wrote stay what they are.
        whole = _BLANK.sub(lambda found: words.get(found[1], found[0]), paragraph)
        told += [line for line in whole.split("\n") if line]
    return tuple(told)


def _fault(
    findings: Findings,
    clause: Clause,
    name: str,
    rule: str,
    message: str,
    *,
    where: str | None = None,
    **accepted: object,
) -> None:
    findings.add(
        where or f"parameters.{clause.code}.{name}",
        rule=rule,
        message=message,
        clause=clause.code,
        clause_zh=clause.title_zh,
        source=clause.source,
        **accepted,
    )


def _plain(value: Fact) -> str:
    if isinstance(value, date):
        return day(value)
    return "" if value is None else str(value)


def day(value: date) -> str:
    """Return a day as a contract writes it: 2026年3月23日."""
    return f"{value.year}年{value.month}月{value.day}日"


def percent(basis_points: int) -> str:
    """Return basis points as a percentage without idle zeros: 5 reads 0.05%, 7000 reads 70%."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%"
