"""What a contract's effect waits for, and the result notice."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.settlement.domain.deal import DealStatus, DefaultReason, Side
from app.settlement.domain.effects import (
    WORDS,
    Condition,
    ConditionKind,
    ConditionMet,
    ConditionsUnfit,
    ConditionUnknown,
    DealUnsigned,
    FulfilmentUnfit,
    check_conditions,
    effective_at,
    filing_due_on,
    fulfil,
    met_by_payment,
)
from app.settlement.domain.keeping import Breach, ConditionFailureUnfit, DealPaid, default
from app.settlement.domain.result_notice import ResultNotice, read_duration, write_result
from app.shared.calendar import DayUnit, Duration
from app.shared.ids import FileId, ListingId, new_id
from app.shared.money import Money
from tests.settlement.texts import NOON, deal

EVIDENCE = FileId(new_id())
PART = Money.parse("200000.00")


def condition(
    kind: ConditionKind = ConditionKind.APPROVAL, number: int = 1, **more: Any
) -> Condition:
    return Condition(number=number, kind=kind, description=WORDS[kind], **more)


MET: dict[str, Any] = {"fulfilled_on": date(2026, 3, 30), "recorded_at": NOON}
SIGNED = replace(deal(), signed_at=NOON - timedelta(days=2))
FILING = condition(ConditionKind.LICENCE_FILING, 9)


@pytest.mark.parametrize(
    ("conditions", "effect"),
    [
        ((), SIGNED.signed_at),
        ((FILING,), SIGNED.signed_at),
        ((condition(),), None),
        ((condition(**MET),), NOON),
        ((condition(**MET), condition(ConditionKind.CUSTOM, 2)), None),
        ((condition(**MET), condition(ConditionKind.CUSTOM, 2, **MET), FILING), NOON),
    ],
)
def test_effect_waits_for_the_last_condition(
    conditions: tuple[Condition, ...], effect: datetime | None
) -> None:
    """ST44"""
    assert effective_at(SIGNED, conditions, now=NOON) == effect
    assert effective_at(deal(), conditions, now=NOON) is None


def unfit(*conditions: Condition) -> set[tuple[str, str]]:
    with pytest.raises(ConditionsUnfit) as refused:
        check_conditions(deal(), conditions)
    errors = refused.value.fields["errors"]
    assert isinstance(errors, list)
    return {(error["field"], error["rule"]) for error in errors}


def test_conditions_that_no_contract_waits_for_are_refused_at_once() -> None:
    """ST45"""
    check_conditions(
        deal(),
        [
            condition(),
            condition(ConditionKind.FIRST_PAYMENT, 2, amount=PART),
            condition(ConditionKind.CUSTOM, 3),
            condition(ConditionKind.CUSTOM, 4),
        ],
    )
    payment = ConditionKind.FIRST_PAYMENT
    assert unfit(
        condition(amount=PART),
        condition(payment, 2),
        condition(ConditionKind.APPROVAL, 3),
        condition(ConditionKind.GUARANTEE, 4),
    ) == {
        ("conditions.0.amount", "amount_idle"),
        ("conditions.1.amount", "amount_out_of_range"),
        ("conditions.2", "repeated"),
    }
    too_much = deal().price + Money(1)
    assert unfit(condition(payment, amount=too_much)) == {
        ("conditions.0.amount", "amount_out_of_range")
    }
    other = Money.parse("1.00", "USD")
    assert unfit(condition(payment, amount=other)) == {
        ("conditions.0.amount", "amount_out_of_range")
    }
    many = [condition(ConditionKind.CUSTOM, number) for number in range(1, 22)]
    assert unfit(*many) == {("conditions", "too_many")}


def meet(number: int = 1, **changes: Any) -> Condition:
    told: dict[str, Any] = {
        "fulfilled_on": date(2026, 4, 1),
        "evidence_id": EVIDENCE,
        "note": None,
        "now": NOON,
        "actor": "user:1",
    }
    known = (condition(), condition(ConditionKind.FIRST_PAYMENT, 2, amount=PART))
    return fulfil(
        changes.pop("deal", SIGNED), changes.pop("known", known), number, **told | changes
    )


def test_a_condition_is_met_with_its_proof() -> None:
    """ST46"""
    met = meet()
    assert (met.open, met.evidence_id, met.recorded_at) == (False, EVIDENCE, NOON)
    filed = meet(9, known=(FILING,))
    assert filed.fulfilled_on == date(2026, 4, 1)
    with pytest.raises(DealUnsigned):
        meet(deal=deal())
    with pytest.raises(DealUnsigned):
        meet(deal=replace(SIGNED, status=DealStatus.DEFAULTED))
    with pytest.raises(ConditionUnknown) as unknown:
        meet(3)
    assert unknown.value.fields["accepted"] == [1, 2]
    with pytest.raises(ConditionMet):
        meet(known=(met,))
    with pytest.raises(FulfilmentUnfit) as future:
        meet(fulfilled_on=date(2026, 4, 2))
    assert future.value.fields == {"field": "fulfilled_on", "maximum": date(2026, 4, 1)}
    with pytest.raises(FulfilmentUnfit) as unproved:
        meet(evidence_id=None)
    assert unproved.value.fields["field"] == "evidence_file_id"
    with pytest.raises(FulfilmentUnfit) as paid:
        meet(2)
    assert paid.value.fields["accepted"] == [1]


def test_a_first_payment_is_met_by_the_payment() -> None:
    """ST46"""
    waits = condition(ConditionKind.FIRST_PAYMENT, amount=PART)
    short = replace(SIGNED, paid=PART - Money(1))
    assert met_by_payment(short, waits, now=NOON) is waits
    enough = met_by_payment(replace(SIGNED, paid=PART), waits, now=NOON)
    assert (enough.fulfilled_on, enough.recorded_by) == (date(2026, 4, 1), "system")
    assert met_by_payment(replace(SIGNED, paid=PART), enough, now=NOON) is enough
    assert met_by_payment(replace(SIGNED, paid=PART), condition(), now=NOON).open


def test_only_the_seller_of_a_paid_deal_can_be_in_default() -> None:
    """ST43, ST13"""
    paid = deal(status=DealStatus.PAID, paid=deal().price)
    late = paid.sign_by_at + timedelta(days=1)
    with pytest.raises(DealPaid):
        default(paid, Breach(side=Side.BUYER, words="未签约"), unpaid_at=None, now=late)
    ended = default(paid, Breach(side=Side.SELLER, words="未签约"), unpaid_at=None, now=late)
    assert ended.returned == paid.price


def test_a_failed_condition_ends_a_waiting_contract_and_costs_nobody_anything() -> None:
    """ST48"""
    failed = Breach(side=Side.SELLER, words="未获批准", finding=DefaultReason.CONDITION_FAILED)
    paid = deal(status=DealStatus.PAID, paid=deal().price, signed_at=NOON)
    ended = default(paid, failed, unpaid_at=None, now=NOON)
    assert (ended.returned, ended.default_reason) == (paid.price, DefaultReason.CONDITION_FAILED)
    for known, breach in (
        (replace(paid, effective_at=NOON), failed),
        (replace(paid, signed_at=None), failed),
        (deal(signed_at=NOON), replace(failed, side=Side.BUYER)),
    ):
        with pytest.raises(ConditionFailureUnfit):
            default(known, breach, unpaid_at=None, now=NOON)


@pytest.mark.parametrize(
    ("effect", "due"),
    [
        ((2026, 3, 23), date(2026, 6, 23)),
        ((2026, 11, 30), date(2027, 2, 28)),
        ((2027, 11, 30), date(2028, 2, 29)),
        ((2026, 10, 1), date(2027, 1, 1)),
        ((2026, 9, 30), date(2026, 12, 30)),
    ],
)
def test_a_licence_is_filed_within_three_months(effect: tuple[int, int, int], due: date) -> None:
    """ST47"""
    assert filing_due_on(datetime(*effect, 4, tzinfo=UTC)) == due
    # Late in the evening in UTC it is the next day in Shanghai.
    before = datetime(*effect, 20, tzinfo=UTC) - timedelta(days=1)
    assert filing_due_on(before) == due


def test_a_result_notice_hides_its_buyer_and_counts_its_days() -> None:
    """ST10, ST42"""
    known = replace(deal(), signed_at=NOON)
    content = write_result(
        known,
        listing_number="ZP-2026-000001",
        title="事件相机视觉测量方法",
        pricing_mode="bidding",
        conversion_mode="transfer",
        seller_name="之澜理工大学",
        buyer_name=None,
        contract_type=None,
    )
    assert str(known.buyer_id) not in str(content)
    assert content["price"] == known.price.as_json()
    notice = ResultNotice(
        id=new_id(),
        deal_id=known.id,
        listing_id=ListingId(new_id()),
        market_id=known.market_id,
        content=content,
        content_hash="",
        published_at=NOON,
        duration=Duration(5, DayUnit.WORKING_DAY),
    )
    # 2026-04-04 to 06 is Qingming: the fifth working day behind Wednesday, 1 April is the 9th.
    assert notice.ends_at == datetime(2026, 4, 9, 16, tzinfo=UTC)
    unknown = replace(notice, published_at=datetime(2035, 1, 5, tzinfo=UTC))
    assert unknown.ends_at is None
    assert read_duration({"count": 5, "unit": "working_day"}) == notice.duration
