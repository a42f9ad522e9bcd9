"""A small form: its header, its words, and whatever stands in the cells of a row."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.money import Money
from app.shared.tables.cells import read_date, read_money, read_share, write_money
from app.shared.tables.form import Column, ImportColumnsInvalid, RawRow, TableForm
from app.shared.tables.lists import LIST, quote, read_list, split, unquote
from app.shared.tables.rows import Reading, RowReader, keep_list, keep_yes_no
from app.shared.tables.words import CellFault, Words

FORM = TableForm(
    (
        Column("name", "名称", True, "不超过200字"),
        Column("colour", "颜色", True, "红或蓝", "colour"),
        Column("price", "价格", False, "写明单位", unit=True),
        Column("ready", "已备齐", False, "是 或 否"),
        Column("tags", "标签", False, "用；分隔"),
    )
)


def _keep_price(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_money(text, reading.header.units.get(column.name))
    return True


READER = RowReader(
    FORM,
    Words({"colour": {"red": "红", "blue": "蓝"}}, {"赤": "red"}),
    enums={},
    empty={"name": "-", "colour": "red", "price": None, "ready": False, "tags": ()},
    short=frozenset({"name"}),
    reads={
        "price": _keep_price,
        "ready": keep_yes_no,
        "tags": keep_list(lambda text: read_list(text, unquote), 3),
    },
    anchor="name",
)
LABELS = [column.label for column in FORM.columns]


def read(*cells: str, labels: list[str] = LABELS, **spoiled: str) -> tuple[dict[str, Any], Any]:
    header = FORM.match_header(labels, row=1)
    places = {int(place[1:]): why for place, why in spoiled.items()}
    reading, _ = READER.read(header, RawRow(7, cells, places))
    return reading.values, [(fault.cell, fault.rule) for fault in reading.told()]


def test_a_header_is_taken_in_any_order_with_marks_and_units() -> None:
    """SH8"""
    labels = ["价格（万元）", "colour", " 名称 *"]
    values, faults = read("65", "赤", "甲", labels=labels)
    assert (values["price"], values["colour"], faults) == (Money(65_000_000), "red", [])
    with pytest.raises(ImportColumnsInvalid) as refused:
        FORM.match_header(["名称（元）", "价格", "价格", "大小"], row=3)
    errors: Any = refused.value.fields["errors"]
    assert [(error["field"], error["rule"]) for error in errors] == [
        ("A3", "column_unknown"),
        ("C3", "column_repeated"),
        ("D3", "column_unknown"),
        ("name", "column_missing"),
        ("colour", "column_missing"),
    ]


def test_every_fault_of_a_row_is_told_with_its_cell() -> None:
    """SH9"""
    _, faults = read("", "绿", "65", "也许", "a；b；c；d", "注")
    assert faults == [
        ("A7", "required"),
        ("B7", "code_unknown"),
        ("C7", "unit_missing"),
        ("D7", "yes_no_expected"),
        ("E7", "too_many"),
        ("F7", "column_without_header"),
    ]
    _, faults = read("#REF!", "红", "", c1="merged", c2="formula")
    assert faults == [("A7", "formula"), ("B7", "merged"), ("C7", "formula")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=7))
def test_no_text_makes_reading_fail(cells: list[str]) -> None:
    """SH9"""
    values, _ = read(*cells)
    assert values.keys() == FORM.by_name.keys()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9)))
def test_a_quoted_list_reads_back(texts: list[str]) -> None:
    """SH9"""
    texts = [text.strip() for text in texts if text.strip()]
    written = "；".join(quote(text, LIST) for text in texts)
    assert [unquote(piece) for _, piece in split(written, LIST) if piece] == texts


@given(st.integers(0, 10**15))
def test_an_amount_reads_back(minor: int) -> None:
    """SH1"""
    assert read_money(write_money(Money(minor))) == Money(minor)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-21", "2026/12/21", "2026.12.21", "2026年12月21日", "2026年12月21号",
        "２０２６年12 月21日", "20261221", "二〇二六年十二月二十一日", "二零二六年十二月二十一日",
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    """SH9"""
    assert read_date(text) == date(2026, 12, 21)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026年12月", "2026年底", "20261331", "二〇二六年十十月一日", "46012"]
)
def test_a_day_that_is_none_is_a_fault(text: str) -> None:
    """SH9"""
    with pytest.raises(CellFault):
        read_date(text)


def test_shares_are_percent() -> None:
    """SH9"""
    assert [read_share(text) for text in ("30%", "33.33 ％", "100")] == [3000, 3333, 10_000]
    assert read_share("0", 0) == 0
    for text in ("0%", "101%", "30.123%", "三成"):
        with pytest.raises(CellFault):
            read_share(text)
