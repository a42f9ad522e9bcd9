"""The table of decisions: read row by row, every fault told at its cell."""

from datetime import date
from typing import Any

import pytest

from app.settlement.domain.filing import FilingStatus
from app.settlement.domain.filing_table import COLUMNS, EXAMPLE, FORM, FilingRead, read_row
from app.settlement.domain.refusal_ground import RefusalGround
from app.shared.money import Money
from app.shared.tables.form import RawRow

LABELS = tuple(column.label for column in COLUMNS)
REFUSED = ("ZP-D-2026-000001", "不予登记", "2026年4月2日", "", "", "", "", "合同价款不明确", "原话")


def read(*cells: str, first: int = 2, header: tuple[str, ...] = LABELS) -> FilingRead:
    return read_row(FORM.match_header(header, row=1), RawRow(2, cells), first=first)


def test_a_row_becomes_a_decision() -> None:
    """ST226"""
    told = read(*EXAMPLE)
    assert told.faults == ()
    assert told.decision is not None
    assert told.decision.status is FilingStatus.REGISTERED
    recognised = told.decision.recognised
    assert recognised is not None
    assert recognised.technology_amount == Money.parse("700000.00")
    assert recognised.contract_type == "transfer_patent"
    refused = read(*REFUSED).decision
    assert refused is not None
    assert (refused.ground, refused.reason) == (RefusalGround.PRICE_UNCLEAR, "原话")
    assert refused.decided_on == date(2026, 4, 2)


def test_the_header_may_state_the_unit() -> None:
    """ST226"""
    header = tuple(label.replace("核定技术交易额", "核定技术交易额（万元）") for label in LABELS)
    cells = list(EXAMPLE)
    cells[5] = "70"
    decision = read(*cells, header=header).decision
    assert decision is not None
    assert decision.recognised is not None
    assert decision.recognised.technology_amount == Money.parse("700000.00")


@pytest.mark.parametrize(
    ("changes", "cell", "rule"),
    [
        ({0: ""}, "A2", "required"),
        ({1: "待定"}, "B2", "code_unknown"),
        ({2: "去年"}, "C2", "date_malformed"),
        ({3: ""}, "D2", "required"),
        ({4: ""}, "E2", "required"),
        ({5: "七十"}, "F2", "money_malformed"),
        ({5: "700000"}, "F2", "unit_missing"),
        ({6: "买卖合同"}, "G2", "code_unknown"),
        ({1: "不予登记"}, "H2", "required"),
        ({1: "不予登记", 7: "合同价款不明确", 8: "长" * 2001}, "I2", "too_long"),
    ],
)
def test_a_fault_is_told_at_its_cell(changes: dict[int, str], cell: str, rule: str) -> None:
    """ST226"""
    cells: list[Any] = list(EXAMPLE)
    for place, text in changes.items():
        cells[place] = text
    told = read(*cells)
    assert told.decision is None
    assert (cell, rule) in [(fault.cell, fault.rule) for fault in told.faults]
    assert all(fault.mend for fault in told.faults)


def test_a_deal_stands_in_one_row() -> None:
    """ST226"""
    told = read_row(FORM.match_header(LABELS, row=1), RawRow(5, EXAMPLE), first=2)
    assert told.decision is None
    assert told.faults[0].rule == "repeated"
