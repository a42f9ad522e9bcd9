"""Tax hints: what counts, what is left out, what blocks, and that nothing is lost between."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.tax_hint import DealIncome, hint, relief_of
from app.shared import codes
from app.shared.ids import DealId, new_id
from app.shared.money import Money

RELIEF = relief_of(2026)
assert RELIEF is not None


def income(text: str = "730000.00", **changes: Any) -> DealIncome:
    told = DealIncome(
        deal_id=DealId(new_id()),
        number="ZP-D-2026-000001",
        received=Money.parse(text),
        contract_type="transfer_patent",
        recognised_total=Money.parse("730000.00"),
        recognised_technology=Money.parse("700000.00"),
        amount_known=True,
        starts_on=date(2026, 3, 23),
        ends_on=date(2031, 3, 22),
        related_party=False,
    )
    return replace(told, **changes)


@pytest.mark.parametrize(
    ("changes", "counted", "rule", "blocks"),
    [
        ({}, "700000.00", None, False),
        # A part of the price brings the same part of the recognised technology amount.
        ({"received": Money.parse("73000.00")}, "70000.00", None, False),
        ({"received": Money(1)}, "0.01", None, False),
        ({"related_party": True}, "700000.00", "related_party", False),
        ({"related_party": None}, "700000.00", None, False),
        ({"contract_type": "service_general"}, None, "type_not_listed", False),
        ({"contract_type": "transfer_technical_secret"}, None, "type_not_listed", False),
        ({"contract_type": None}, None, "type_unknown", True),
        ({"amount_known": False}, None, "amount_unknown", True),
        ({"recognised_total": None, "recognised_technology": None}, None, "not_registered", False),
        ({"received": Money(100, "USD")}, None, "currency_unknown", True),
        # Five years from 23 March 2026 end with 22 March 2031 at the earliest.
        ({"contract_type": "licence_patent"}, "700000.00", None, False),
        (
            {"contract_type": "licence_patent", "ends_on": date(2031, 3, 21)},
            None,
            "term_too_short",
            False,
        ),
        ({"contract_type": "licence_patent", "ends_on": None}, None, "term_unknown", True),
    ],
)
def test_what_of_a_deal_counts(
    changes: dict[str, Any], counted: str | None, rule: str | None, blocks: bool
) -> None:
    """ST233, ST234"""
    assert RELIEF is not None
    found = hint(2026, [income(**changes)], RELIEF)
    (item,) = found.items
    assert item.counted == (None if counted is None else Money.parse(counted))
    assert (item.rule, item.blocks) == (rule, blocks)
    assert (item.message_zh is None) == (item.message_en is None) == (rule is None)
    assert found.blocked == blocks
    if not blocks:
        assert found.income == (item.counted or Money(0))


def test_the_limit_is_of_the_year_and_not_of_a_deal() -> None:
    """ST233: 3 M and 4 M are 5 M exempt and 2 M halved."""
    assert RELIEF is not None
    whole = {"recognised_total": Money(1), "recognised_technology": Money(1)}
    found = hint(2026, [income("3000000.00", **whole), income("4000000.00", **whole)], RELIEF)
    assert (found.exempt, found.halved) == (Money.parse("5000000.00"), Money.parse("2000000.00"))
    nothing = hint(2026, [], RELIEF)
    assert (nothing.income, nothing.exempt, nothing.halved) == (Money(0), Money(0), Money(0))


parts = st.tuples(st.integers(1, 10**11), st.integers(1, 10**11), st.integers(0, 10**11))


@settings(deadline=None)
@given(st.lists(parts, max_size=6), st.booleans())
def test_what_is_exempt_and_what_is_halved_are_all_that_counts(
    deals: list[tuple[int, int, int]], unknown: bool
) -> None:
    """ST233, ST234: to the fen, never more than was received; one unknown blocks all."""
    assert RELIEF is not None
    incomes = [
        income(
            received=Money(received),
            recognised_technology=Money(technology),
            recognised_total=Money(technology + rest),
        )
        for received, technology, rest in deals
    ]
    if unknown:
        incomes.append(income(amount_known=False))
    found = hint(2026, incomes, RELIEF)
    if unknown:
        assert (found.income, found.exempt, found.halved) == (None, None, None)
        return
    assert found.income is not None
    assert found.exempt is not None
    assert found.halved is not None
    assert found.exempt + found.halved == found.income
    assert found.exempt <= RELIEF.exempt_up_to
    assert found.halved == Money(0) or found.exempt == RELIEF.exempt_up_to
    for item, given_ in zip(found.items, incomes, strict=True):
        assert item.counted is not None
        assert Money(0) <= item.counted <= given_.received


def test_the_rules_are_data_with_their_sources() -> None:
    """ST235: VAT has a source and a mark, and no figure."""
    assert RELIEF is not None
    assert relief_of(2007) is None
    assert set(RELIEF.years_min) <= set(codes.table("contract_type").names)
    assert "实施条例 90" in RELIEF.source
    assert all(it.zh and it.en and it.source for it in (*RELIEF.conditions, RELIEF.vat))
    assert "待核实" in RELIEF.vat.zh
