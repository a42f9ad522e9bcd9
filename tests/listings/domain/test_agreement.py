"""Agreements and objections: rules, every state × trigger, the calendar of the public period."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from app.listings.domain.agreement import (
    Procedure,
    ProcedureMissing,
    UnitNoticeInFuture,
    UnitNoticeMissing,
    agreed_hash,
    check_procedure,
    check_unit_notice,
    terms_from_json,
)
from app.listings.domain.listing import (
    Approval,
    ListingStatus,
    PricingMode,
    UnitNotice,
    terms_of,
)
from app.listings.domain.notice import Notice, NoticeKind, NoticeStatus
from app.listings.domain.objection import (
    OBJECTION_TRANSITIONS,
    ObjectionsClosed,
    ObjectionStatus,
    ObjectionTrigger,
    ObjectorUnknown,
    check_objection,
    require_objector,
)
from app.listings.domain.relation import Relation
from app.markets.domain.defaults import default_terms
from app.shared.calendar import SHANGHAI, CalendarHorizonExceeded, mainland_china, period_end
from app.shared.ids import NoticeId, PartyId, ProcedureId, new_id
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance
from tests.listings.domain.values import BUYER, DISCLOSING, ENDS, MARKET, NOW

UNIT = UnitNotice("https://zhilan.example.cn/17", date(2026, 3, 1))
AGREED = replace(
    DISCLOSING,
    pricing_mode=PricingMode.AGREEMENT,
    buyer_id=BUYER,
    deposit=Money(0),
    unit_notice=UNIT,
    approval=Approval("之澜资〔2026〕8号", "资产管理处", date(2026, 2, 20)),
    related_buyers=(Relation.RELATED,),
)
WALK = {
    ("open", "uphold"): "upheld",
    ("open", "reject"): "rejected",
    ("open", "withdraw"): "withdrawn",
}


@pytest.mark.parametrize(("state", "trigger"), [*product(ObjectionStatus, ObjectionTrigger)])
def test_an_objection_ends_once(state: ObjectionStatus, trigger: ObjectionTrigger) -> None:
    expected = WALK.get((str(state), str(trigger)))
    if expected is not None:
        assert str(advance(OBJECTION_TRANSITIONS, state=state, trigger=trigger)) == expected
        return
    with pytest.raises(TransitionRefused):
        advance(OBJECTION_TRANSITIONS, state=state, trigger=trigger)


@pytest.mark.parametrize(
    "change",
    [
        {"floor": Money(60_000_001)},
        {"buyer_id": PartyId(new_id())},
        {"conversion_mode": "licence_exclusive"},
        {"contract_terms": "另一合同。"},
        {"payment_terms": "分期。"},
        {"number": "ZP-2026-000124"},
    ],
)
def test_consent_is_to_every_term_of_the_two_sides(change: dict[str, Any]) -> None:
    """LS60"""
    assert agreed_hash(replace(AGREED, **change)) != agreed_hash(AGREED)


def test_how_it_is_published_is_not_what_was_agreed() -> None:
    """LS60"""
    assert agreed_hash(replace(AGREED, unit_notice=None, approval=None)) == agreed_hash(AGREED)
    assert agreed_hash(DISCLOSING) is None
    assert agreed_hash(DISCLOSING, terms_of(AGREED)) is None


def test_stored_terms_read_back_as_they_were() -> None:
    terms = terms_of(AGREED)
    assert terms_from_json(jsonable(terms)) == terms
    bare = replace(terms, unit_notice=None, approval=None, base_price=None)
    assert terms_from_json(jsonable(bare)) == bare


def test_the_units_publication_is_there_where_required_and_not_ahead() -> None:
    """LS62"""
    check_unit_notice(None, required=False, today=date(2026, 3, 1))
    check_unit_notice(UNIT, required=True, today=date(2026, 3, 1))
    with pytest.raises(UnitNoticeMissing):
        check_unit_notice(None, required=True, today=date(2026, 3, 1))
    with pytest.raises(UnitNoticeInFuture) as refused:
        check_unit_notice(UNIT, required=False, today=date(2026, 2, 28))
    assert refused.value.fields["maximum"] == date(2026, 2, 28)


def test_a_procedure_is_public_before_the_notice() -> None:
    """LS63"""
    published = Procedure(
        id=ProcedureId(new_id()),
        market_id=MARKET,
        party_id=None,
        version=1,
        text="书面提出。",
        published_at=NOW,
    )
    for known, now in ((None, NOW), (published, NOW)):
        with pytest.raises(ProcedureMissing):
            check_procedure(known, now=now)
    assert check_procedure(published, now=NOW + timedelta(microseconds=1)) == published


def notice(status: NoticeStatus) -> Notice:
    return Notice(
        id=NoticeId(new_id()),
        listing_id=AGREED.id,
        seq=1,
        number="ZP-2026-000123-N1",
        kind=NoticeKind.OFFER,
        status=status,
        content={},
        content_hash="a" * 64,
        published_at=NOW,
        closes_at=ENDS,
    )


@pytest.mark.parametrize(("status", "listing"), [*product(NoticeStatus, ListingStatus)])
def test_objections_are_taken_while_the_notice_is_open_only(
    status: NoticeStatus, listing: ListingStatus
) -> None:
    """LS64"""
    shown = replace(AGREED, status=listing)
    fits = listing is ListingStatus.DISCLOSING and status in {
        NoticeStatus.PUBLISHED,
        NoticeStatus.OBJECTED,
    }
    last = ENDS - timedelta(microseconds=1)
    if fits:
        check_objection(shown, notice(status), now=last)
    for moment in (ENDS,) if fits else (NOW, ENDS):
        with pytest.raises(ObjectionsClosed) as refused:
            check_objection(shown, notice(status), now=moment)
        assert refused.value.fields["disclosure_ends_at"] == ENDS


def test_whoever_does_not_sign_in_says_who_it_is() -> None:
    """LS66"""
    require_objector(signed_in=True, name=None, contact=None)
    require_objector(signed_in=False, name="沈望舒", contact="0571-88000000")
    for name, contact, field in ((None, "x", "name"), ("沈望舒", None, "contact")):
        with pytest.raises(ObjectorUnknown) as refused:
            require_objector(signed_in=False, name=name, contact=contact)
        assert refused.value.fields["field"] == field


def beijing(month: int, day: int, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("published", "ends"),
    [
        # Fifteen calendar days that would end in the spring festival run to its first working day.
        (beijing(2, 2), beijing(2, 25, 0)),
        (beijing(2, 9), beijing(2, 25, 0)),
        # A swapped Saturday is worked and ends a period.
        (beijing(2, 13), beijing(3, 1, 0)),
        (beijing(9, 5), beijing(9, 21, 0)),
        # Across the year's end of 2025.
        (beijing(12, 18, year=2025), beijing(1, 5, 0)),
    ],
)
def test_fifteen_days_are_counted_in_shanghai_and_never_end_on_a_day_off(
    published: datetime, ends: datetime
) -> None:
    """LS69"""
    span = default_terms("university", "agreement").disclosure
    end = period_end(start=published, duration=span, calendar=mainland_china())
    assert end == ends.astimezone(UTC)
    assert mainland_china().is_working_day((end - timedelta(hours=1)).astimezone(SHANGHAI).date())


def test_a_period_beyond_the_known_calendar_is_not_guessed() -> None:
    """LS69"""
    span = default_terms("university", "agreement").disclosure
    horizon = mainland_china().horizon
    late = datetime(horizon.year, 12, 20, 9, tzinfo=SHANGHAI)
    with pytest.raises(CalendarHorizonExceeded):
        period_end(start=late, duration=span, calendar=mainland_china())
