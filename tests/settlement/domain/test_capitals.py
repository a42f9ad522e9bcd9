"""Amounts in capital numerals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.capitals import DIGITS, UNITS, in_capitals, in_figures
from app.shared.money import AMOUNT_MINOR_MAX, Money

# The first five are the examples of 正确填写票据和结算凭证的基本规定.
EXAMPLES = [
    ("16409.02", "人民币壹万陆仟肆佰零玖元零贰分"),
    ("325.04", "人民币叁佰贰拾伍元零肆分"),
    ("1680.32", "人民币壹仟陆佰捌拾元叁角贰分"),
    ("107000.53", "人民币壹拾万柒仟元伍角叁分"),
    ("6007.14", "人民币陆仟零柒元壹角肆分"),
    ("1409.50", "人民币壹仟肆佰零玖元伍角整"),
    ("0", "人民币零元整"),
    ("0.05", "人民币伍分"),
    ("0.30", "人民币叁角整"),
    ("10.00", "人民币壹拾元整"),
    ("10001.00", "人民币壹万零壹元整"),
    ("12300000.00", "人民币壹仟贰佰叁拾万元整"),
    ("100000000", "人民币壹亿元整"),
    ("100010000", "人民币壹亿零壹万元整"),
    ("1000000000000.01", "人民币壹万亿元零壹分"),
    ("999999999999999.99", None),
]


@pytest.mark.parametrize(("amount", "said"), EXAMPLES)
def test_amounts_are_written_as_on_cheques(amount: str, said: str | None) -> None:
    """ST32"""
    money = Money.parse(amount)
    assert said is None or in_capitals(money) == said
    assert read(in_capitals(money)) == money.amount_minor


def read(said: str) -> int:
    """Read capitals back into fen by another way than they are written."""
    body = said.removeprefix("人民币").removesuffix("整")
    whole, _, rest = body.rpartition("元")
    fen, place = 0, 0
    for char in rest:
        if char in DIGITS:
            place = DIGITS.index(char)
        else:
            fen += place * {"角": 10, "分": 1}[char]
    return number(whole) * 100 + fen


def number(said: str) -> int:
    said = said.lstrip("零")
    for size, name in UNITS:
        if name in said:
            above, _, rest = said.rpartition(name)
            return number(above) * size + number(rest)
    return DIGITS.index(said) if said else 0


@given(st.integers(0, AMOUNT_MINOR_MAX))
@settings(max_examples=200, deadline=None)
def test_capitals_read_back_to_the_fen(minor: int) -> None:
    """ST32"""
    said = in_capitals(Money(minor))
    assert read(said) == minor
    assert "零零" not in said


def test_other_currencies_and_no_negative_amount() -> None:
    assert in_capitals(Money.parse("1200.50", "USD")) == "美元壹仟贰佰元伍角整"
    assert in_capitals(Money.parse("1200", "JPY")) == "日元壹仟贰佰元整"
    assert in_figures(Money.parse("650000")) == "人民币650,000.00元"
    with pytest.raises(ValueError, match="negative"):
        in_capitals(Money(-1))
