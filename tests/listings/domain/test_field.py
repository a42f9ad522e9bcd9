"""The field of a posted listing, and who buys where rights go before: against naive readings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.field import (
    Contest,
    Empty,
    Entrant,
    Field,
    OfferBelowFloor,
    OfferNotInvited,
    Outcome,
    Single,
    Wait,
    bookable_until,
    check_offer,
    check_price,
    entrants_of,
    judge,
    lapses,
    payable_until,
)
from app.listings.domain.priority import (
    Basis,
    Buyer,
    Decision,
    RightHolder,
    RightsWait,
    ahead_of,
    resolve,
)
from app.listings.domain.registration import (
    Registration,
    RegistrationBound,
    RegistrationStatus,
    check_stepping_back,
    costs_deposit,
)
from app.shared.calendar import mainland_china
from app.shared.ids import PartyId, RegistrationId, new_id
from app.shared.money import Money
from tests.listings.domain.values import DISCLOSING, ENDS, MARKET, NOW

TERMS, OTHER = "a" * 64, "b" * 64
S = RegistrationStatus
CALENDAR = mainland_china()
HOURS = st.integers(min_value=-48, max_value=24 * 12)


def registration(status: RegistrationStatus = S.DEPOSITED, **changes: object) -> Registration:
    known = Registration(
        id=RegistrationId(new_id()),
        listing_id=DISCLOSING.id,
        market_id=MARKET,
        party_id=PartyId(new_id()),
        status=status,
        bidder_code=None,
        accepted_terms_hash=TERMS,
        accepted_by="user:1",
        registered_at=NOW,
        accepted_at=NOW,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


REGISTRATIONS = st.lists(
    st.builds(
        lambda status, accepts, due: registration(
            status,
            accepted_terms_hash=TERMS if accepts else OTHER,
            deposit_due_at=ENDS + timedelta(hours=due),
        ),
        st.sampled_from(list(S)),
        st.booleans(),
        HOURS,
    ),
    max_size=6,
)


def entrants(known: list[Registration]) -> list[Entrant]:
    return list(entrants_of(known, terms_hash=TERMS, disclosure_ends_at=ENDS, calendar=CALENDAR))


def naive(known: list[Registration], now: datetime) -> str:
    """Count by going through everybody, as a clerk would."""
    waiting, paid = 0, 0
    for it in known:
        if it.accepted_terms_hash != TERMS:
            continue
        if it.status is S.APPLIED:
            waiting += 1
        elif it.status is S.QUALIFIED:
            assert it.deposit_due_at is not None
            deadline = max(ENDS, it.deposit_due_at)
            last = deadline - timedelta(microseconds=1)
            day = (last + timedelta(hours=8)).date()
            while not CALENDAR.is_working_day(day := day + timedelta(days=1)):
                pass
            booked = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
            waiting += now < booked
        elif it.status is S.DEPOSITED:
            paid += 1
    if waiting:
        return "wait"
    return {0: "empty", 1: "single"}.get(paid, "contest")


@given(REGISTRATIONS, HOURS)
def test_the_field_is_what_a_clerk_would_count(known: list[Registration], hours: int) -> None:
    """LS75"""
    now = ENDS + timedelta(hours=hours)
    verdict = judge(entrants(known), now=now)
    assert type(verdict).__name__.lower() == naive(known, now)
    if isinstance(verdict, Contest):
        paid = [it for it in known if it.status is S.DEPOSITED]
        assert verdict.count == sum(it.accepted_terms_hash == TERMS for it in paid) >= 2
    if isinstance(verdict, Single):
        assert verdict.registration in known


@given(REGISTRATIONS, HOURS)
def test_waiting_ends_at_the_moment_that_is_named_and_never_returns(
    known: list[Registration], hours: int
) -> None:
    """LS75: without an act the answer changes at ``until`` at the earliest, and only forward."""
    now = ENDS + timedelta(hours=hours)
    field = entrants(known)
    verdict = judge(field, now=now)
    if isinstance(verdict, Wait) and verdict.until is not None:
        assert verdict.until > now
        before = verdict.until - timedelta(microseconds=1)
        assert judge(field, now=before) == verdict
        assert judge(field, now=verdict.until) != verdict
    elif not isinstance(verdict, Wait):
        assert judge(field, now=now + timedelta(days=90)) == verdict


@given(REGISTRATIONS, HOURS)
def test_who_lapses_changes_nothing_of_the_answer(known: list[Registration], hours: int) -> None:
    """LS75: so judging again after the lapses were stored says the same."""
    now = ENDS + timedelta(hours=hours)
    field = entrants(known)
    left = [it for it in field if lapses(it, now=now) is None]
    assert judge(left, now=now) == judge(field, now=now)


def test_nobody_waits_for_who_has_ended() -> None:
    known = [registration(status) for status in (S.REFUSED, S.LAPSED, S.WITHDRAWN)]
    assert judge(entrants(known), now=ENDS) == Empty()


def test_a_deposit_is_due_at_the_later_of_two_moments_and_booked_a_working_day_longer() -> None:
    """LS73"""
    early = registration(S.QUALIFIED, deposit_due_at=ENDS - timedelta(days=2))
    assert payable_until(early, disclosure_ends_at=ENDS) == ENDS
    late = registration(S.QUALIFIED, deposit_due_at=ENDS + timedelta(days=2))
    assert payable_until(late, disclosure_ends_at=ENDS) == ENDS + timedelta(days=2)
    assert payable_until(registration(S.QUALIFIED), disclosure_ends_at=ENDS) == ENDS
    # Friday 2026-03-20 24:00: booked until Monday's end.
    friday = datetime(2026, 3, 20, 16, tzinfo=UTC)
    assert bookable_until(friday, CALENDAR) == datetime(2026, 3, 23, 16, tzinfo=UTC)


def field_of(buyer: Registration, **changes: object) -> Field:
    asked = Field(
        listing_id=DISCLOSING.id,
        outcome=Outcome.SINGLE,
        judged_at=ENDS,
        registration_id=buyer.id,
        offer_due_at=ENDS + timedelta(days=3),
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def test_a_price_is_named_once_in_time_by_the_single_buyer() -> None:
    """LS77"""
    buyer = registration()
    field = field_of(buyer)
    due = ENDS + timedelta(days=3)
    assert check_offer(field, buyer, now=due - timedelta(microseconds=1)) is field
    offered = field_of(buyer, price=Money(60_000_000), offered_at=ENDS, offered_by="user:1")
    for asked, who, now in (
        (field, buyer, due),
        (field, registration(), ENDS),
        (field, None, ENDS),
        (None, buyer, ENDS),
        (offered, buyer, ENDS),
        (field, replace(buyer, status=S.WITHDRAWN), ENDS),
    ):
        with pytest.raises(OfferNotInvited):
            check_offer(asked, who, now=now)


@given(st.integers(min_value=1, max_value=10**9), st.integers(min_value=1, max_value=10**9))
def test_a_price_is_the_floor_or_more_in_its_currency(price: int, floor: int) -> None:
    """LS77"""
    if price >= floor:
        check_price(Money(price), floor=Money(floor))
    else:
        with pytest.raises(OfferBelowFloor):
            check_price(Money(price), floor=Money(floor))
    with pytest.raises(OfferBelowFloor):
        check_price(Money(price, "USD"), floor=Money(1))


def test_stepping_back_costs_a_deposit_paid_under_the_terms_that_hold() -> None:
    """LS72"""
    assert costs_deposit(registration(), terms_hash=TERMS)
    assert not costs_deposit(registration(), terms_hash=OTHER)
    assert not costs_deposit(registration(S.QUALIFIED), terms_hash=TERMS)
    posted = replace(DISCLOSING, opens_at=None, auction_id=None)
    check_stepping_back(posted, offered=False, now=ENDS)
    with pytest.raises(RegistrationBound):
        check_stepping_back(posted, offered=True, now=ENDS)


def holder(rank: int, decision: Decision | None, **changes: object) -> RightHolder:
    known = RightHolder(
        listing_id=DISCLOSING.id,
        party_id=PartyId(new_id()),
        rank=rank,
        basis=Basis.COMPLETER,
        notified_at=NOW,
        decision=decision,
        decided_at=None if decision is None else ENDS,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


@st.composite
def rights(draw: st.DrawFn) -> tuple[list[RightHolder], list[Registration]]:
    holders, known = [], []
    for rank in draw(st.lists(st.integers(min_value=1, max_value=3), max_size=4)):
        decision = draw(st.sampled_from([None, *Decision]))
        changes: dict[str, object] = {}
        if decision is Decision.EXERCISED:
            made = registration(draw(st.sampled_from(list(S))))
            known.append(made)
            changes = {"party_id": made.party_id, "registration_id": made.id}
        holders.append(holder(rank, decision, **changes))
    return holders, known


@given(rights(), HOURS)
def test_no_right_is_forgotten_and_the_best_rank_that_can_buy_buys(
    drawn: tuple[list[RightHolder], list[Registration]], hours: int
) -> None:
    """LS79"""
    holders, known = drawn
    buyer, due = registration(), ENDS + timedelta(days=3)
    now = ENDS + timedelta(hours=hours)
    ahead = ahead_of(holders, buyer.party_id)
    answer = resolve(buyer, ahead, entrants([buyer, *known]), exercise_due_at=due, now=now)
    undecided = [it for it in holders if it.decision is None]
    status = {it.id: it for it in known}
    if undecided and now < due:
        assert answer == RightsWait(due)
        return
    ranked = sorted(
        (it for it in holders if it.decision is Decision.EXERCISED), key=lambda it: it.rank
    )
    if isinstance(answer, Buyer) and answer.registration != buyer:
        assert answer.registration.status is S.DEPOSITED
        own = next(it for it in ranked if it.registration_id == answer.registration.id)
        better = [it for it in ranked if it.rank < own.rank]
    else:
        better = ranked if isinstance(answer, Buyer) else []
    for other in better:  # nobody of a better rank has paid or is on its way
        assert other.registration_id is not None
        assert status[other.registration_id].status not in {S.DEPOSITED, S.APPLIED}


def test_a_buyer_with_a_right_is_outranked_by_better_ranks_only() -> None:
    """LS79"""
    buyer = PartyId(new_id())
    first, own, last = holder(1, None), holder(2, None, party_id=buyer), holder(3, None)
    assert ahead_of([last, own, first], buyer) == [first]
    assert ahead_of([last, first], buyer) == [first, last]
    assert ahead_of([holder(1, Decision.WAIVED)], buyer) == []
