"""Whose money is it: a table of arrivals, and what holds for all of them."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.banking.domain.matching import (
    Action,
    Doubt,
    Reason,
    Target,
    TargetKind,
    match,
    rank,
)
from app.banking.domain.references import reference_of
from app.settlement.public import same_name
from app.shared.ids import PartyId
from app.shared.money import Money

BUYER, OTHER = "西溪智造有限公司", "南湖机电有限公司"
DEPOSIT = Target(
    kind=TargetKind.DEPOSIT,
    id=UUID(int=1),
    number="ZP-2026-000001",
    reference=reference_of(UUID(int=1)),
    party_id=PartyId(UUID(int=101)),
    party_name=BUYER,
    due=Money.parse("120000.00"),
    open=True,
)
PRICE = replace(
    DEPOSIT,
    kind=TargetKind.PAYMENT,
    id=UUID(int=2),
    number="ZP-D-2026-000001",
    reference=reference_of(UUID(int=2)),
    due=Money.parse("610000.00"),
)
OTHERS = replace(
    DEPOSIT,
    id=UUID(int=3),
    reference=reference_of(UUID(int=3)),
    party_id=PartyId(UUID(int=102)),
    party_name=OTHER,
)
TARGETS = (DEPOSIT, PRICE, OTHERS)
CODE, PRICE_CODE = str(DEPOSIT.reference), str(PRICE.reference)

CASES = [
    ("reference, amount, payer", "120000.00", BUYER, CODE, Action.BOOK, DEPOSIT, None),
    ("a part of a price", "10000.00", BUYER, PRICE_CODE, Action.BOOK, PRICE, None),
    ("the deal's number", "610000.00", BUYER, "ZP-D-2026-000001", Action.BOOK, PRICE, None),
    ("number and bidder", "120000.00", BUYER, "ZP-2026-000001", Action.BOOK, DEPOSIT, None),
    ("brackets and spaces", "610000.00", "西溪智造 有限公司", CODE[:0], Action.BOOK, PRICE, None),
    ("amount and payer only", "120000.00", BUYER, "货款", Action.BOOK, DEPOSIT, None),
    ("another's name", "120000.00", OTHER, CODE, Action.RETURN, DEPOSIT, Doubt.PAYER_DIFFERS),
    ("no name", "120000.00", "", CODE, Action.RETURN, DEPOSIT, Doubt.PAYER_DIFFERS),
    ("one fen short", "119999.99", BUYER, CODE, Action.QUEUE, None, Doubt.AMOUNT_DIFFERS),
    ("one fen more", "610000.01", BUYER, PRICE_CODE, Action.QUEUE, None, Doubt.AMOUNT_DIFFERS),
    ("two codes", "120000.00", BUYER, CODE + PRICE_CODE, Action.QUEUE, None, Doubt.SEVERAL_TARGETS),
    ("nothing fits", "7.00", "甬江生物有限公司", "", Action.QUEUE, None, Doubt.NO_TARGET),
    ("payer, other amount", "7.00", BUYER, "", Action.QUEUE, None, Doubt.NO_TARGET),
    ("amount, other payer", "610000.00", OTHER, "", Action.QUEUE, None, Doubt.NO_TARGET),
    (
        "number, no bidder",
        "120000.00",
        "王某",
        "ZP-2026-000001",
        Action.QUEUE,
        None,
        Doubt.NO_TARGET,
    ),
]


@pytest.mark.parametrize(
    ("amount", "payer", "remark", "action", "target", "doubt"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_an_arrival_is_judged(
    amount: str,
    payer: str,
    remark: str,
    action: Action,
    target: Target | None,
    doubt: Doubt | None,
) -> None:
    """BK4, BK5"""
    verdict = match(amount=Money.parse(amount), payer_name=payer, remark=remark, targets=TARGETS)
    assert (verdict.action, verdict.target, verdict.doubt) == (action, target, doubt)


def test_a_closed_target_is_not_paid_but_named() -> None:
    """BK4"""
    closed = replace(DEPOSIT, open=False)
    asked = {"amount": DEPOSIT.due, "payer_name": BUYER}
    verdict = match(**asked, remark=CODE, targets=(closed,))  # type: ignore[arg-type]
    assert (verdict.action, verdict.doubt) == (Action.QUEUE, Doubt.TARGET_CLOSED)
    assert match(**asked, remark="", targets=(closed,)).candidates == ()  # type: ignore[arg-type]


def test_two_equal_debts_of_one_payer_are_a_clerks() -> None:
    """BK4"""
    twin = replace(DEPOSIT, id=UUID(int=4), number="ZP-2026-000002", reference=None)
    verdict = match(amount=DEPOSIT.due, payer_name=BUYER, remark="", targets=(DEPOSIT, twin))
    assert (verdict.action, verdict.doubt) == (Action.QUEUE, Doubt.SEVERAL_TARGETS)
    assert [found.target for found in verdict.candidates] == [DEPOSIT, twin]


def test_another_currency_does_not_pay() -> None:
    """BK4"""
    verdict = match(
        amount=Money.parse("120000.00", "USD"), payer_name=BUYER, remark=CODE, targets=TARGETS
    )
    assert verdict.doubt is Doubt.AMOUNT_DIFFERS


def test_candidates_come_with_their_reasons_the_best_first() -> None:
    found = rank(
        amount=Money.parse("120000.00"), payer_name=OTHER, remark=PRICE_CODE, targets=TARGETS
    )
    assert [(item.target.id.int, item.reasons) for item in found] == [
        (2, (Reason.REFERENCE,)),
        (3, (Reason.PAYER, Reason.AMOUNT)),
        (1, (Reason.AMOUNT,)),
    ]


@given(
    st.sampled_from(["120000.00", "610000.00", "1.00"]),
    st.sampled_from([BUYER, OTHER, "王某", ""]),
    st.lists(st.sampled_from([CODE, PRICE_CODE, str(OTHERS.reference), "ZP-2026-000001"])),
    st.lists(st.sampled_from([*TARGETS, replace(DEPOSIT, open=False)]), unique=True),
)
def test_nobody_pays_for_another_and_nothing_closed_is_paid(
    amount: str, payer: str, words: list[str], targets: list[Target]
) -> None:
    """BK4, BK5"""
    remark = " ".join(words)
    verdict = match(amount=Money.parse(amount), payer_name=payer, remark=remark, targets=targets)
    assert (verdict.doubt is None) == (verdict.action is Action.BOOK)
    if verdict.action is Action.BOOK:
        assert verdict.target is not None
        assert verdict.target.open
        assert same_name(payer, verdict.target.party_name)
        assert Money.parse(amount) <= verdict.target.due
    if verdict.action is Action.RETURN:
        assert verdict.target is not None
        assert not same_name(payer, verdict.target.party_name)
        assert str(verdict.target.reference) in remark
