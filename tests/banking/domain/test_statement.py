"""Bank statements: rows as banks export them, faults with their cells, balances that add up."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.banking.domain.lines import Direction
from app.banking.domain.statement import StatementUnbalanced, check_balances, once_each
from app.banking.domain.statement_form import COLUMNS, EXAMPLE, FORM, StatedLine, read_line
from app.shared.money import Money
from app.shared.tables.form import Header, RawRow

NOW = datetime(2026, 4, 1, tzinfo=UTC)
FULL = tuple(column.label for column in COLUMNS)
HEADERS = {
    "one amount": ("交易日期时间", "收支方向", "金额", "流水号", "余额"),
    "two amounts": ("交易日期", "交易时间", "贷方发生额", "借方发生额", "交易流水号"),
}


def header(*labels: str) -> Header:
    return FORM.match_header(labels, row=1)


def read(labels: Sequence[str], *cells: str) -> StatedLine:
    line, faults = read_line(header(*labels), RawRow(2, cells), now=NOW)
    assert line is not None, faults
    return line


def rules(labels: Sequence[str], *cells: str) -> list[tuple[str, str]]:
    line, faults = read_line(header(*labels), RawRow(2, cells), now=NOW)
    assert line is None
    return [(fault.cell, fault.rule) for fault in faults]


def test_the_templates_example_is_read() -> None:
    line = read(FULL, *EXAMPLE)
    assert line.at == datetime(2026, 3, 20, 2, 5, tzinfo=UTC)
    assert line.content == (Direction.CREDIT, Money.parse("120000.00"), line.at)
    assert (line.counterparty_name, line.serial) == ("西溪智造有限公司", "20260320100500123456")
    assert line.remark.startswith("转账 保证金")
    assert line.balance == Money.parse("3520000.00")


@pytest.mark.parametrize(
    ("form", "cells", "change"),
    [
        ("one amount", ("2026-03-20 10:05", "贷", "120,000.00", "1", ""), "120000.00"),
        ("one amount", ("2026年3月20日 10:05:00", "支出", "88.5", "1", ""), "-88.50"),
        ("one amount", ("20260320100500", "借方", "-88.50", "1", ""), "-88.50"),
        ("one amount", ("2026/3/20 10:05:00", "", "-88.50", "1", ""), "-88.50"),
        ("one amount", ("2026-03-20 10:05", "收入", "-88.50", "1", ""), "-88.50"),  # 红字冲正
        ("two amounts", ("2026-03-20", "10:05:00", "1.2万元", "0.00", "1"), "12000.00"),
        ("two amounts", ("20260320", "100500", "", "3.00", "1"), "-3.00"),
        ("two amounts", ("2026-03-20", "10:05:00", "-", "3.00", "1"), "-3.00"),
    ],
)
def test_amounts_and_moments_are_read_as_banks_write_them(
    form: str, cells: tuple[str, ...], change: str
) -> None:
    line = read(HEADERS[form], *cells)
    assert line.change == Money.parse(change)
    assert line.at == datetime(2026, 3, 20, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "cells", "told"),
    [
        ("one amount", ("2026-03-20", "贷", "1.00", "1"), [("A2", "time_missing")]),
        ("one amount", ("三月", "贷", "1.00", "1"), [("A2", "moment_malformed")]),
        ("one amount", ("2026-03-20 25:00", "贷", "1.00", "1"), [("A2", "time_malformed")]),
        ("one amount", ("2026-04-01 08:00:01", "贷", "1.00", "1"), [("A2", "moment_in_future")]),
        ("one amount", ("", "贷", "1.00", "1"), [("A2", "required")]),
        ("one amount", ("2026-03-20 10:05", "进", "1.00", "1"), [("B2", "direction_unknown")]),
        ("one amount", ("2026-03-20 10:05", "", "1.00", "1"), [("B2", "direction_missing")]),
        ("one amount", ("2026-03-20 10:05", "贷", "一元", "1"), [("C2", "money_malformed")]),
        ("one amount", ("2026-03-20 10:05", "贷", "0.001", "1"), [("C2", "money_malformed")]),
        ("one amount", ("2026-03-20 10:05", "贷", "1.00美元", "1"), [("C2", "money_malformed")]),
        ("one amount", ("2026-03-20 10:05", "贷", "", "1"), [("C2", "amount_missing")]),
        ("one amount", ("2026-03-20 10:05", "贷", "1.00", ""), [("D2", "required")]),
        ("one amount", ("2026-03-20 10:05", "贷", "1.00", "1" * 101), [("D2", "serial_malformed")]),
        (
            "two amounts",
            ("2026-03-20", "10:05", "1.00", "2.00", "1"),
            [("E2", "amount_stated_twice")],
        ),
    ],
)
def test_a_fault_names_its_cell(
    form: str, cells: tuple[str, ...], told: list[tuple[str, str]]
) -> None:
    assert rules(HEADERS[form], *cells) == told


def stated(changes: Sequence[int], opening: int | None = None) -> list[StatedLine]:
    """Lines with these changes in fen; with their balances if they begin with one."""
    balance, made = opening, []
    for number, change in enumerate(changes, start=1):
        balance = None if balance is None else balance + change
        yuan = f"{'-' if change < 0 else ''}{abs(change) // 100}.{abs(change) % 100:02d}"
        side = "收入" if change > 0 else "支出"
        left = "" if balance is None else str(Money(balance))
        cells = ("2026-03-20 10:05", side, yuan, str(number), left)
        made.append(read(HEADERS["one amount"], *cells))
    return made


HEAD = header(*HEADERS["one amount"])
CHANGES = st.lists(st.integers(-5000, 5000).filter(bool), min_size=2, max_size=8)


@given(CHANGES, st.integers(50_000, 90_000), st.booleans())
def test_balances_that_add_up_pass_in_either_order(
    changes: list[int], opening: int, reverse: bool
) -> None:
    """BK9"""
    lines = stated(changes, opening)
    ends = {"opening": Money(opening), "closing": Money(opening + sum(changes))}
    ordered = list(reversed(lines)) if reverse else lines
    check_balances(HEAD, ordered, **ends)
    check_balances(HEAD, ordered, opening=None, closing=None)
    check_balances(HEAD, stated(changes), **ends)


@given(CHANGES, st.integers(50_000, 90_000), st.integers(1, 99))
def test_balances_that_do_not_add_up_are_refused(
    changes: list[int], opening: int, off: int
) -> None:
    """BK9"""
    wrong = Money(opening + sum(changes) + off)
    for lines in (stated(changes), stated(changes, opening)):
        with pytest.raises(StatementUnbalanced):
            check_balances(HEAD, lines, opening=Money(opening), closing=wrong)
    lines = stated(changes, opening)
    with pytest.raises(StatementUnbalanced):
        check_balances(HEAD, lines, opening=None, closing=wrong)


def test_a_missing_line_is_seen_by_the_balances() -> None:
    """BK9: the cell is named at which the column breaks."""
    lines = stated([100, -30, 7, 900], 50_000)
    with pytest.raises(StatementUnbalanced) as broken:
        check_balances(HEAD, [lines[0], lines[2], lines[3]], opening=None, closing=None)
    assert broken.value.fields["field"] == "E2"
    assert broken.value.fields["accepted"] == Money(50_107)


def test_a_serial_number_is_one_transaction() -> None:
    """BK1"""
    first, second = stated([100, -30])
    once, faults = once_each(HEAD, [first, first, second])
    assert (once, faults) == ([first, second], [])
    other = read(HEADERS["one amount"], "2026-03-20 10:05", "收入", "2.00", "1", "")
    _, faults = once_each(HEAD, [first, other])
    assert [(fault.cell, fault.rule) for fault in faults] == [("D2", "serial_reused")]
