"""Filings: what an office can have decided, what was recognised otherwise, and why."""

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.filing import (
    FILING_TRANSITIONS,
    Decision,
    DecisionDayOutOfRange,
    Filed,
    FilingStatus,
    FilingTrigger,
    Recognised,
    RecognisedAmountInvalid,
    RegistrationNumberMalformed,
    check_decision,
    decide,
    is_same,
    unfiled,
)
from app.settlement.domain.filing_differences import differences
from app.settlement.domain.refusal_ground import GROUND_LABELS, RULES_OF_GROUND, RefusalGround
from app.settlement.domain.registration.linter import RULES_BY_ID
from app.shared.codes import CodeUnknown
from app.shared.errors import DomainError
from app.shared.ids import DealId, MarketId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

DEAL_DAY, TODAY = date(2026, 3, 23), date(2026, 5, 6)


def yuan(text: str) -> Money:
    return Money.parse(text)


def recognised(**changes: Any) -> Recognised:
    told = Recognised(
        number="2026330106000123",
        total_amount=yuan("730000.00"),
        technology_amount=yuan("700000.00"),
        contract_type="transfer_patent",
    )
    return replace(told, **changes)


def registered(**changes: Any) -> Decision:
    return Decision(
        status=FilingStatus.REGISTERED,
        decided_on=date(2026, 4, 8),
        recognised=recognised(**changes),
    )


def filed(**changes: Any) -> Filed:
    told = Filed(
        contract_version=1,
        contract_type="transfer_patent",
        total_amount=yuan("730000.00"),
        technology_amount=yuan("700000.00"),
    )
    return replace(told, **changes)


REFUSED = Decision(
    status=FilingStatus.REFUSED,
    decided_on=date(2026, 4, 2),
    ground=RefusalGround.PRICE_UNCLEAR,
    reason="技术交易额未单列",
)
RETRACTED = Decision(status=FilingStatus.PENDING, reason="录入到了另一份合同")


def test_states_and_triggers() -> None:
    """ST223: a registered contract is not refused, a pending one has nothing to retract."""
    for state, trigger in product(FilingStatus, FilingTrigger):
        if (state, trigger) in FILING_TRANSITIONS:
            advance(FILING_TRANSITIONS, state=state, trigger=trigger)
        else:
            assert (state, trigger) in {
                (FilingStatus.PENDING, FilingTrigger.RETRACT),
                (FilingStatus.REGISTERED, FilingTrigger.REFUSE),
            }
            with pytest.raises(TransitionRefused):
                advance(FILING_TRANSITIONS, state=state, trigger=trigger)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, None),
        ({"technology_amount": yuan("730000.00")}, None),
        ({"technology_amount": yuan("0.01")}, None),
        ({"technology_amount": yuan("730000.01")}, RecognisedAmountInvalid),
        ({"technology_amount": yuan("0.00")}, RecognisedAmountInvalid),
        ({"technology_amount": Money(100, "USD")}, RecognisedAmountInvalid),
        ({"number": "202633010600012"}, RegistrationNumberMalformed),
        ({"number": "20263301060001234"}, RegistrationNumberMalformed),
        ({"number": "2026330106OO0123"}, RegistrationNumberMalformed),
        ({"number": "２０２６３３０１０６０００１２３"}, RegistrationNumberMalformed),
        ({"contract_type": "sale_of_goods"}, CodeUnknown),
    ],
)
def test_what_an_office_recognises(
    changes: dict[str, Any], refusal: type[DomainError] | None
) -> None:
    """ST222"""
    if refusal is None:
        check_decision(registered(**changes), confirmed_on=DEAL_DAY, today=TODAY)
        return
    with pytest.raises(refusal) as told:
        check_decision(registered(**changes), confirmed_on=DEAL_DAY, today=TODAY)
    assert told.value.fields["field"]


@pytest.mark.parametrize(
    ("day", "fits"),
    [
        (DEAL_DAY, True),
        (TODAY, True),
        (date(2026, 3, 22), False),
        (date(2026, 5, 7), False),
    ],
)
def test_the_day_lies_between_the_deal_and_today(day: date, fits: bool) -> None:
    """ST222"""
    decision = replace(REFUSED, decided_on=day)
    if fits:
        check_decision(decision, confirmed_on=DEAL_DAY, today=TODAY)
        return
    with pytest.raises(DecisionDayOutOfRange):
        check_decision(decision, confirmed_on=DEAL_DAY, today=TODAY)


def test_a_correction_keeps_what_was_filed_and_a_new_decision_takes_it_anew() -> None:
    """ST223"""
    first = decide(unfiled(DealId(new_id()), MarketId(new_id())), REFUSED, filed=filed())
    assert (first.version, first.filed) == (1, filed())
    again = decide(first, replace(REFUSED, reason="更正"), filed=filed(contract_version=2))
    assert (again.version, again.filed) == (2, filed())
    later = decide(again, registered(), filed=filed(contract_version=3))
    assert later.filed == filed(contract_version=3)
    corrected = decide(later, registered(number="2026330106000124"), filed=filed())
    assert (corrected.version, corrected.filed) == (4, filed(contract_version=3))
    taken_back = decide(corrected, RETRACTED, filed=filed())
    assert (taken_back.version, taken_back.filed) == (5, None)
    assert is_same(corrected, corrected.decision)
    assert not is_same(unfiled(first.deal_id, first.market_id), Decision(status=_PENDING))


_PENDING = FilingStatus.PENDING


@pytest.mark.parametrize(
    ("was", "told", "expected"),
    [
        ({}, {}, []),
        # All of the total was filed as technology, and the office cut it.
        (
            {"technology_amount": yuan("730000.00")},
            {"technology_amount": yuan("500000.00")},
            [("technology_amount", "-230000.00", "equipment_deducted")],
        ),
        # What was cut is just the equipment that the contract names.
        (
            {"technology_amount": yuan("720000.00"), "equipment_amount": yuan("130000.00")},
            {"technology_amount": yuan("600000.00")},
            [("technology_amount", "-120000.00", "equipment_deducted")],
        ),
        (
            {"equipment_amount": yuan("0.00"), "total_amount": yuan("700000.00")},
            {"total_amount": yuan("690000.00"), "technology_amount": yuan("690000.00")},
            [("total_amount", "-10000.00", None), ("technology_amount", "-10000.00", None)],
        ),
        (
            {"mixed": True},
            {"technology_amount": yuan("300000.00")},
            [("technology_amount", "-400000.00", "mixed_contract_split")],
        ),
        (
            {"technology_amount": yuan("70.00")},
            {},
            [("technology_amount", "699930.00", "amount_unit_plausible")],
        ),
        (
            {"technology_amount": yuan("650000.00")},
            {},
            [("technology_amount", "50000.00", "technology_amount_within_total")],
        ),
        (
            {"technology_amount": yuan("710000.00")},
            {},
            [("technology_amount", "-10000.00", None)],
        ),
        (
            {"amount_known": False, "total_amount": yuan("100000.00")},
            {},
            [("total_amount", "630000.00", "amounts_unknown")],
        ),
        (
            {"technology_amount": None, "total_amount": None},
            {},
            [
                ("total_amount", None, "amounts_unknown"),
                ("technology_amount", None, "amounts_unknown"),
            ],
        ),
        (
            {
                "total_amount": Money.parse("100000.00", "USD"),
                "technology_amount": Money.parse("100000.00", "USD"),
            },
            {},
            [
                ("total_amount", None, "amounts_in_yuan"),
                ("technology_amount", None, "amounts_in_yuan"),
            ],
        ),
        (
            {"contract_type": "transfer_technical_secret"},
            {},
            [("contract_type", None, "title_fits_subtype")],
        ),
        (
            {"contract_type": "service_general"},
            {},
            [("contract_type", None, "obligations_consistent")],
        ),
        ({"contract_type": None}, {}, [("contract_type", None, "fields_complete")]),
    ],
)
def test_each_difference_is_told_with_its_likely_ground(
    was: dict[str, Any], told: dict[str, Any], expected: list[tuple[str, str | None, str | None]]
) -> None:
    """ST224"""
    found = differences(filed(**was), recognised(**told))
    shown = [
        (item.field, None if item.change is None else str(item.change), item.ground.rule)
        for item in found
    ]
    assert shown == expected
    for item in found:
        assert item.ground.message_zh
        assert item.ground.message_en
        if item.ground.rule is not None:
            assert item.ground.source == RULES_BY_ID[item.ground.rule].source


amounts = st.none() | st.builds(Money, st.integers(0, 10**9), st.just("CNY"))


@settings(deadline=None)
@given(
    amounts,
    amounts,
    amounts,
    st.none() | st.booleans(),
    st.none() | st.booleans(),
    st.integers(1, 10**9),
    st.integers(0, 10**9),
)
def test_a_difference_is_told_exactly_where_there_is_one(
    total: Money | None,
    technology: Money | None,
    goods: Money | None,
    known: bool | None,
    mixed: bool | None,
    amount: int,
    rest: int,
) -> None:
    """ST224"""
    was = filed(
        total_amount=total,
        technology_amount=technology,
        equipment_amount=goods,
        amount_known=known,
        mixed=mixed,
    )
    told = recognised(total_amount=Money(amount + rest), technology_amount=Money(amount))
    fields = {item.field for item in differences(was, told)}
    assert ("total_amount" in fields) == (total != told.total_amount)
    assert ("technology_amount" in fields) == (technology != told.technology_amount)


def test_every_ground_has_its_rules() -> None:
    """ST225: each rule is one of the linter's; only ``other`` has none."""
    assert set(RULES_OF_GROUND) == set(RefusalGround) == set(GROUND_LABELS)
    for ground, rules in RULES_OF_GROUND.items():
        assert set(rules) <= set(RULES_BY_ID)
        assert bool(rules) == (ground is not RefusalGround.OTHER)
