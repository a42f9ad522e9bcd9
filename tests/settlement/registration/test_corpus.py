"""The public corpus: what the linter finds is what people expected, no more and no less."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from app.settlement.domain.registration.linter import RULES, RULES_BY_ID
from app.settlement.domain.registration.reading import VALUE_READABLE, Read, read_object
from app.settlement.domain.registration.report import Severity
from tests.house_rules import ROOT

CORPUS: Final = Path(__file__).parent / "corpus"
BASES: Final[dict[str, Any]] = json.loads((CORPUS / "bases.json").read_text(encoding="utf-8"))
RECORDS: Final[dict[str, Any]] = {
    record["id"]: record | {"file": path.stem}
    for path in sorted(CORPUS.glob("*.json"))
    if path.stem != "bases"
    for record in json.loads(path.read_text(encoding="utf-8"))
}
TODAY: Final = date(2026, 11, 26)
SIDES: Final = ("passes", "fails", "borders")


def read(record: dict[str, Any]) -> Read:
    return read_object(BASES[record["base"]] | record.get("set", {}))


@pytest.mark.parametrize("number", RECORDS)
def test_found_is_what_was_expected(number: str) -> None:
    """ST172"""
    record = RECORDS[number]
    contract = read(record)
    assert contract.unused == ()
    found = contract.judged(today=TODAY).findings
    assert sorted(f"{item.rule} {item.field}" for item in found) == sorted(record["expect"])


def test_the_good_ones_raise_no_false_alarm() -> None:
    """ST170, ST172"""
    good = [record for record in RECORDS.values() if record["file"] == "good"]
    assert len(good) >= 30
    assert {record["base"] for record in good} == set(BASES)
    for record in good:
        report = read(record).judged(today=TODAY)
        assert report.ready, record["id"]
        assert all(finding.severity is Severity.HINT for finding in report.findings), record["id"]


@pytest.mark.parametrize("rule", [*RULES_BY_ID, VALUE_READABLE])
def test_each_rule_is_shown_from_all_sides(rule: str) -> None:
    """ST172: a record that keeps it, one that breaks it, one at its border."""
    shown = {
        side: [record["id"] for record in RECORDS.values() if rule in record.get(side, ())]
        for side in SIDES
    }
    assert all(shown.values()), shown
    for number in shown["fails"]:
        assert rule in {line.split()[0] for line in RECORDS[number]["expect"]}, number
    for number in shown["passes"]:
        assert rule not in {line.split()[0] for line in RECORDS[number]["expect"]}, number


def test_the_corpus_is_as_large_as_promised() -> None:
    """ST172: hardly two records alike, nothing shown of an unknown rule."""
    assert len(RECORDS) >= 180
    assert len(
        {json.dumps([r["base"], r.get("set")], sort_keys=True) for r in RECORDS.values()}
    ) > (len(RECORDS) - 6)
    known = {rule.id for rule in RULES} | {VALUE_READABLE}
    shown = {rule for record in RECORDS.values() for side in SIDES for rule in record.get(side, ())}
    assert shown == known


def test_every_rule_is_documented_as_it_is() -> None:
    readme = (ROOT / "app/settlement/domain/registration/README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in readme.splitlines() if line.startswith("| `")]
    assert [(row[0].strip("| `"), row[1], row[3].removesuffix(" |")) for row in rows] == [
        (rule.id, rule.severity, rule.source) for rule in RULES
    ]
