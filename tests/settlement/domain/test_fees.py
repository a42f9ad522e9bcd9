"""Fees as pure rules: progressive tiers to the fen, what is withheld, waived, given back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.charge import (
    CHARGE_TRANSITIONS,
    Charge,
    ChargeAmountTooHigh,
    ChargeCurrencyWrong,
    ChargeInMotion,
    ChargeKind,
    ChargeStatus,
    ChargeTrigger,
    Means,
    cancel,
    meet,
    name_broker,
    open_charges,
    withheld_now,
)
from app.settlement.domain.deal import Side
from app.settlement.domain.fees import (
    BrokerBasis,
    BrokerTerms,
    FeePolicy,
    FeePolicyInThePast,
    FeePolicyInvalid,
    FeeRule,
    FeeTerms,
    Tier,
    check_fees,
    compute_commission,
    half_up,
    select_fees,
)
from app.shared.ids import DealId, MarketId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

NOON = datetime(2026, 3, 23, 4, tzinfo=UTC)
TODAY = date(2026, 3, 23)
BUYER, SELLER, BROKER = (PartyId(new_id()) for _ in range(3))
MARKET, DEAL = MarketId(new_id()), DealId(new_id())
# 1 million at 2 %, the next 4 at 1.5 %, the rest at 0.8 %.
TIERS = (Tier(100_000_000, 200), Tier(500_000_000, 150), Tier(None, 80))
RULE = FeeRule(side=Side.SELLER, sources=("auction", "posted"), tiers=TIERS)
TERMS = FeeTerms(
    currency="CNY",
    rules=(RULE, replace(RULE, side=Side.BUYER, tiers=(Tier(None, 50),))),
    due_days=10,
    invoice_item="*经纪代理服务*技术交易服务费",
    tax_rate_bp=600,
)


@pytest.mark.parametrize(
    ("price", "amount", "bands"),
    [
        ("1000000.00", "20000.00", 1),
        ("1000000.01", "20000.00", 2),  # a fen above: 1.5 % of a fen is nothing
        ("1000000.34", "20000.01", 2),  # 34 × 1.5 % = 0.51 fen: half up
        ("5000000.00", "80000.00", 2),
        ("12300000.00", "138400.00", 3),  # 20000 + 60000 + 7300000 × 0.8 %
        ("0.24", "0.00", 1),
        ("0.25", "0.01", 1),  # exactly half a fen goes up
    ],
)
def test_tiers_are_progressive_and_round_once(price: str, amount: str, bands: int) -> None:
    """ST101"""
    found = compute_commission(RULE, Money.parse(price))
    assert (found.amount, len(found.bands), found.limited_by) == (Money.parse(amount), bands, None)


@pytest.mark.parametrize(
    ("price", "amount", "limited_by"),
    [
        ("100000.00", "3000.00", "minimum"),
        ("2000.00", "2000.00", "price"),
        ("99000000.00", "500000.00", "cap"),
        ("1000000.00", "20000.00", None),
    ],
)
def test_minimum_cap_and_price_bound_a_commission(
    price: str, amount: str, limited_by: str | None
) -> None:
    """ST101"""
    rule = replace(RULE, minimum_minor=300_000, cap_minor=50_000_000)
    found = compute_commission(rule, Money.parse(price))
    assert (found.amount, found.limited_by) == (Money.parse(amount), limited_by)


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10_000)), max_size=4), st.data())
@settings(deadline=None)
def test_the_bands_are_the_whole_price_and_a_higher_price_pays_no_less(
    inner: list[tuple[int, int]], data: st.DataObject
) -> None:
    """ST101"""
    end, tiers = 0, []
    for length, rate in inner:
        end += length
        tiers.append(Tier(end, rate))
    rule = replace(RULE, tiers=(*tiers, Tier(None, data.draw(st.integers(0, 10_000)))))
    price = data.draw(st.integers(1, 10**10))
    found = compute_commission(rule, Money(price, "CNY"))
    assert sum(band.part_minor for band in found.bands) == price
    exact = sum(band.part_minor * band.rate_bp for band in found.bands)
    assert abs(found.amount.amount_minor * 10_000 - exact) <= 5_000
    more = compute_commission(rule, Money(price + data.draw(st.integers(0, 10**6)), "CNY"))
    assert more.amount >= found.amount


def test_terms_survive_their_stored_form() -> None:
    whole = replace(
        TERMS, broker=BrokerTerms(payer=Side.BUYER, basis=BrokerBasis.RATE, value_bp=100)
    )
    for terms in (TERMS, whole):
        assert FeeTerms.from_json(terms.as_json()) == terms


def rules_of(*rules: FeeRule) -> set[str]:
    with pytest.raises(FeePolicyInvalid) as refused:
        check_fees(replace(TERMS, rules=rules), effective_on=TODAY, today=TODAY)
    return {error["rule"] for error in refused.value.fields["errors"]}  # type: ignore[attr-defined]


def test_terms_that_contradict_themselves_are_refused_all_at_once() -> None:
    check_fees(TERMS, effective_on=TODAY, today=TODAY)
    assert rules_of(RULE, RULE) == {"repeated"}
    assert rules_of(replace(RULE, sources=("barter",))) == {"source_unknown"}
    assert rules_of(replace(RULE, tiers=())) == {"tier_missing"}
    assert rules_of(replace(RULE, tiers=TIERS[:2])) == {"last_tier_closed"}
    assert rules_of(replace(RULE, tiers=(TIERS[1], TIERS[0], TIERS[2]))) == {"tiers_not_rising"}
    assert rules_of(replace(RULE, minimum_minor=2, cap_minor=1)) == {"cap_below_minimum"}
    with pytest.raises(FeePolicyInThePast) as refused:
        check_fees(TERMS, effective_on=TODAY - timedelta(days=1), today=TODAY)
    assert refused.value.fields["minimum"] == TODAY


def test_the_latest_day_then_the_highest_version_is_in_effect() -> None:
    """ST100"""

    def policy(version: int, day: int) -> FeePolicy:
        on = date(2026, 3, day)
        return FeePolicy(market_id=MARKET, version=version, effective_on=on, terms=TERMS)

    entered = [policy(1, 1), policy(2, 20), policy(3, 10), policy(4, 20)]
    found = {day: select_fees(entered, on=date(2026, 3, day)) for day in (1, 9, 10, 20, 31)}
    assert [it.version for it in found.values() if it] == [1, 1, 3, 4, 4]
    assert select_fees(entered, on=date(2026, 2, 28)) is None


def test_fees_are_due_at_the_end_of_their_last_day_in_shanghai() -> None:
    assert TERMS.due_at(NOON).astimezone(UTC) == datetime(2026, 4, 2, 16, tzinfo=UTC)
    late = datetime(2026, 3, 23, 17, tzinfo=UTC)  # already the 24th there
    assert TERMS.due_at(late).astimezone(UTC) == datetime(2026, 4, 3, 16, tzinfo=UTC)


def opened(price: str = "1000000.00", source: str = "auction", **changes: object) -> list[Charge]:
    return list(
        open_charges(
            replace(TERMS, **changes),  # type: ignore[arg-type]
            policy_version=1,
            deal_id=DEAL,
            market_id=MARKET,
            source=source,
            price=Money.parse(price),
            payers={Side.BUYER: BUYER, Side.SELLER: SELLER},
            due_at=NOON,
        )
    )


def test_each_side_owes_by_its_own_rule() -> None:
    """ST102"""
    buyer, seller = opened()
    assert (buyer.number, buyer.side, buyer.payer_id) == (1, Side.BUYER, BUYER)
    assert (buyer.amount, seller.amount) == (Money.parse("5000.00"), Money.parse("20000.00"))
    assert opened(source="demand") == []
    assert opened(currency="USD") == []
    assert opened(rules=(replace(RULE, tiers=(Tier(None, 0),)),)) == []


def test_a_charge_is_met_in_parts_and_never_above() -> None:
    """ST103"""
    (_, charge) = opened()
    part = meet(charge, Money.parse("8000.00"), Means.FUNDS)
    assert (part.status, part.outstanding) == (ChargeStatus.DUE, Money.parse("12000.00"))
    with pytest.raises(ChargeAmountTooHigh) as refused:
        meet(part, Money.parse("12000.01"), Means.VOUCHER)
    assert refused.value.fields["maximum"] == Money.parse("12000.00")
    with pytest.raises(ChargeCurrencyWrong):
        meet(part, Money.parse("1.00", "USD"), Means.FUNDS)
    waived = meet(part, Money.parse("2000.00"), Means.WAIVER, reason="首单减免")
    whole = meet(waived, Money.parse("10000.00"), Means.WITHHELD)
    assert (whole.status, whole.outstanding, whole.reason) == (
        ChargeStatus.MET,
        Money(0),
        "首单减免",
    )
    with pytest.raises(TransitionRefused):
        meet(whole, Money.parse("0.01"), Means.FUNDS)


@pytest.mark.parametrize(("state", "trigger"), list(product(ChargeStatus, ChargeTrigger)))
def test_charges_move_as_the_table_says(state: ChargeStatus, trigger: ChargeTrigger) -> None:
    expected = {
        ("due", "meet_part"): "due",
        ("due", "meet"): "met",
        ("due", "cancel"): "cancelled",
        ("met", "cancel"): "cancelled",
    }.get((str(state), str(trigger)))
    if expected is None:
        with pytest.raises(TransitionRefused):
            advance(CHARGE_TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(CHARGE_TRANSITIONS, state=state, trigger=trigger) == expected


def test_a_fallen_deal_gives_back_what_was_paid_from_funds() -> None:
    """ST106"""
    (_, charge) = opened()
    charge = meet(charge, Money.parse("5000.00"), Means.WITHHELD)
    charge = meet(charge, Money.parse("3000.00"), Means.FUNDS)
    dropped = cancel(charge)
    assert dropped.refunded == Money.parse("3000.00")
    assert (dropped.status, dropped.outstanding) == (ChargeStatus.CANCELLED, Money(0))


@given(st.integers(1, 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.data())
@settings(deadline=None)
def test_releases_withhold_in_step_and_in_the_end_everything(
    price: int, weights: list[int], data: st.DataObject
) -> None:
    """ST104"""
    whole = Money(price, "CNY")
    amount = Money(data.draw(st.integers(1, price)), "CNY")
    charge = replace(opened()[1], amount=amount)
    released = Money(0)
    for part in whole.allocate(weights):
        if not part.amount_minor:
            continue
        taken = withheld_now(charge, price=whole, released=released, amount=part)
        assert Money(0) <= taken <= part
        if taken.amount_minor:
            charge = meet(charge, taken, Means.WITHHELD)
        released += part
        due = half_up(amount.amount_minor * released.amount_minor, price)
        assert charge.met_by(Means.WITHHELD).amount_minor == due
    assert charge.status is ChargeStatus.MET
    assert withheld_now(charge, price=whole, released=released, amount=Money(1)) == Money(0)


def named(charges: list[Charge], basis: BrokerBasis, value_bp: int) -> list[Charge]:
    terms = replace(TERMS, broker=BrokerTerms(payer=Side.SELLER, basis=basis, value_bp=value_bp))
    return list(
        name_broker(
            charges,
            terms,
            deal_id=DEAL,
            market_id=MARKET,
            broker_id=BROKER,
            price=Money.parse("1000000.00"),
            payer_id=SELLER,
            due_at=NOON,
            policy_version=1,
        )
    )


def test_a_brokers_share_comes_out_of_the_commission_and_a_rate_on_top() -> None:
    """ST105"""
    buyer, seller, share = named(opened(), BrokerBasis.SHARE, 3_000)
    assert (buyer.amount, seller.amount) == (Money.parse("5000.00"), Money.parse("14000.00"))
    assert (share.kind, share.payee_id, share.payer_id) == (ChargeKind.BROKERAGE, BROKER, SELLER)
    assert share.amount == Money.parse("6000.00")
    *kept, rate = named(opened(), BrokerBasis.RATE, 100)
    assert kept == opened()
    assert rate.amount == Money.parse("10000.00")
    (alone,) = named([], BrokerBasis.RATE, 100)
    assert (alone.number, alone.deal_id) == (1, DEAL)
    assert named([], BrokerBasis.SHARE, 3_000) == []
    all_of_it = named(opened(), BrokerBasis.SHARE, 10_000)
    assert (all_of_it[1].amount, all_of_it[1].status) == (Money(0), ChargeStatus.MET)
    part = [meet(charge, Money(1), Means.FUNDS) for charge in opened()]
    with pytest.raises(ChargeInMotion):
        named(part, BrokerBasis.SHARE, 3_000)
    without = replace(TERMS, broker=None)
    assert without.broker is None
