"""The rules of deal rooms, offers and service clocks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.offers import (
    OfferNotWaiting,
    OfferOfOtherSide,
    OfferOutdated,
    OfferStatus,
    OfferTerms,
    OfferWaits,
    OwnOffer,
    RoomOffer,
    RoomOfferInvalid,
    check_answer,
    check_offer_terms,
    check_withdrawal,
    countered_by,
    offer_hash,
)
from app.listings.domain.room import (
    NDA_TEXT,
    ROOM_TRANSITIONS,
    Acceptance,
    AnswerLate,
    MeetingMomentWrong,
    NdaAccepted,
    NdaDiffers,
    Room,
    RoomStatus,
    RoomTrigger,
    check_in_time,
    check_meeting,
    check_nda,
    may_know,
    may_read,
    nda_hash,
)
from app.listings.domain.service_clock import TARGETS, Clock, median, read_clocks, summarise
from app.shared.access import Viewer
from app.shared.ids import AchievementId, MarketId, PartyId, RoomId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OWNER, BUYER, THIRD = (PartyId(new_id()) for _ in range(3))
MARKET = MarketId(new_id())
ROOM = Room(
    id=RoomId(new_id()),
    market_id=MARKET,
    achievement_id=AchievementId(new_id()),
    owner_id=OWNER,
    buyer_id=BUYER,
    status=RoomStatus.REQUESTED,
    requested_by="user:1",
    requested_at=NOW,
    request="洽谈",
    answer_due_at=NOW + 14 * DAY,
)
S, T = RoomStatus, RoomTrigger


@pytest.mark.parametrize("state", RoomStatus)
@pytest.mark.parametrize("trigger", RoomTrigger)
def test_every_state_with_every_trigger(state: RoomStatus, trigger: RoomTrigger) -> None:
    """LS85"""
    expected = {
        S.REQUESTED: {T.ACCEPT: S.ANSWERING, T.DECLINE: S.DECLINED} | {T.LAPSE: S.LAPSED},
        S.ANSWERING: {T.OPEN: S.OPEN, T.LAPSE: S.LAPSED},
        S.OPEN: {T.TALK: S.OPEN, T.AGREE: S.AGREED},
    }.get(state, {})
    if expected:
        expected[T.CLOSE] = S.CLOSED
    if trigger in expected:
        assert advance(ROOM_TRANSITIONS, state=state, trigger=trigger) is expected[trigger]
    else:
        with pytest.raises(TransitionRefused):
            advance(ROOM_TRANSITIONS, state=state, trigger=trigger)


def test_the_stored_deadline_decides_to_the_microsecond() -> None:
    """LS85"""
    check_in_time(ROOM, ROOM.answer_due_at - timedelta(microseconds=1))
    with pytest.raises(AnswerLate):
        check_in_time(ROOM, ROOM.answer_due_at)


def test_a_side_accepts_exactly_this_room_s_text_once() -> None:
    """LS86"""
    due = nda_hash(ROOM, NDA_TEXT)
    assert due != nda_hash(ROOM, NDA_TEXT + "。")
    assert due != nda_hash(replace(ROOM, id=RoomId(new_id())), NDA_TEXT)
    room = replace(ROOM, nda_hash=due, owner_acceptance=Acceptance(by="user:1", at=NOW))
    check_nda(room, BUYER, due)
    with pytest.raises(NdaDiffers):
        check_nda(room, BUYER, "0" * 64)
    with pytest.raises(NdaAccepted):
        check_nda(room, OWNER, due)


def test_who_may_know_and_who_may_read() -> None:
    """LS88"""
    sides = [Viewer(party_id=OWNER), Viewer(party_id=BUYER)]
    staff = Viewer(party_id=THIRD, staff_of=MARKET)
    strangers = [Viewer(), Viewer(party_id=THIRD), Viewer(party_id=THIRD, staff_of=MarketId(THIRD))]
    asked = replace(ROOM, mediation_at=NOW)
    assert all(may_know(viewer, ROOM) and may_read(viewer, ROOM) for viewer in sides)
    assert may_know(staff, ROOM)
    assert not may_read(staff, ROOM)
    assert may_read(staff, asked)
    assert not any(may_know(viewer, asked) or may_read(viewer, asked) for viewer in strangers)


def test_a_meeting_lies_between_opening_and_now() -> None:
    """LS94"""
    room = replace(ROOM, opened_at=NOW)
    check_meeting(room, NOW, NOW + DAY)
    check_meeting(room, NOW + DAY, NOW + DAY)
    for held_at in (NOW - timedelta(seconds=1), NOW + 2 * DAY):
        with pytest.raises(MeetingMomentWrong):
            check_meeting(room, held_at, NOW + DAY)


TERMS = OfferTerms(
    price=Money(60_000_000),
    conversion_mode="transfer",
    payment_terms="一次付清",
    contract_terms="转让",
    use_scope="境内",
    valid_until=NOW + DAY,
)


def offer(party: PartyId = BUYER, number: int = 1, status: str = "waiting") -> RoomOffer:
    return RoomOffer(
        room_id=ROOM.id,
        number=number,
        party_id=party,
        terms=TERMS,
        answers=None,
        salt="00",
        offer_hash="",
        made_by="user:2",
        made_at=NOW,
        status=OfferStatus(status),
    )


def test_only_the_other_side_answers_the_latest_offer() -> None:
    """LS90"""
    assert check_answer(offer(), number=1, party_id=OWNER, now=NOW) == offer()
    with pytest.raises(OwnOffer):
        check_answer(offer(), number=1, party_id=BUYER, now=NOW)
    with pytest.raises(OfferOutdated):
        check_answer(offer(number=2), number=1, party_id=OWNER, now=NOW)
    with pytest.raises(OfferOutdated):
        check_answer(None, number=1, party_id=OWNER, now=NOW)
    assert check_withdrawal(offer(), number=1, party_id=BUYER, now=NOW) == offer()
    with pytest.raises(OfferOfOtherSide):
        check_withdrawal(offer(), number=1, party_id=OWNER, now=NOW)


@pytest.mark.parametrize("status", sorted(set(OfferStatus) - {OfferStatus.WAITING}))
def test_what_was_answered_is_not_answered_again(status: OfferStatus) -> None:
    """LS91"""
    with pytest.raises(OfferNotWaiting):
        check_answer(offer(status=status), number=1, party_id=OWNER, now=NOW)


def test_an_offer_expires_at_its_stored_moment() -> None:
    """LS91"""
    last = TERMS.valid_until - timedelta(microseconds=1)
    assert check_answer(offer(), number=1, party_id=OWNER, now=last)
    with pytest.raises(OfferNotWaiting):
        check_answer(offer(), number=1, party_id=OWNER, now=TERMS.valid_until)
    assert countered_by(offer(), party_id=BUYER, seen=1, now=TERMS.valid_until) is None


def test_a_counter_names_the_offer_it_has_seen() -> None:
    """LS90"""
    assert countered_by(None, party_id=OWNER, seen=0, now=NOW) is None
    assert countered_by(offer(), party_id=OWNER, seen=1, now=NOW) == offer()
    assert countered_by(offer(status="declined"), party_id=BUYER, seen=1, now=NOW) is None
    with pytest.raises(OfferOutdated) as refused:
        countered_by(offer(number=2), party_id=OWNER, seen=1, now=NOW)
    assert refused.value.fields["accepted"] == 2
    with pytest.raises(OfferWaits):
        countered_by(offer(), party_id=BUYER, seen=1, now=NOW)


def test_all_faults_of_an_offer_are_told_at_once() -> None:
    """LS90"""
    check_offer_terms(TERMS, modes=["transfer"], now=NOW)
    with pytest.raises(RoomOfferInvalid) as refused:
        check_offer_terms(TERMS, modes=["licence_exclusive"], now=TERMS.valid_until)
    errors: Any = refused.value.fields["errors"]
    assert [error["rule"] for error in errors] == ["conversion_mode_not_wanted", "valid_until_past"]


def test_an_offer_s_hash_covers_every_term_and_the_salt() -> None:
    """LS90"""

    def hashed(terms: OfferTerms = TERMS, number: int = 1, salt: str = "00") -> str:
        return offer_hash(room_id=ROOM.id, number=number, party_id=BUYER, terms=terms, salt=salt)

    others = [
        hashed(replace(TERMS, price=Money(1))),
        hashed(replace(TERMS, use_scope="境外")),
        hashed(replace(TERMS, valid_until=NOW)),
        hashed(number=2),
        hashed(salt="01"),
    ]
    assert len({hashed(), *others}) == 6


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_the_median_is_whole_and_in_the_middle(values: list[int]) -> None:
    """LS95"""
    found = median(values)
    assert found is not None
    assert sum(value < found for value in values) <= len(values) // 2
    assert sum(value > found for value in values) <= len(values) // 2
    ordered = sorted(values)
    half = len(values) // 2
    assert found == (ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) // 2)


def test_clocks_run_from_stored_moments() -> None:
    """LS95"""
    room = replace(
        ROOM,
        status=S.OPEN,
        answered_at=NOW + DAY,
        opened_at=NOW + 2 * DAY,
        first_meeting_at=NOW + 20 * DAY,
    )
    seen = {reading.clock: reading for reading in read_clocks(room, NOW + 21 * DAY)}
    assert (seen[Clock.FIRST_ANSWER].took_s, seen[Clock.FIRST_ANSWER].overdue) == (86_400, False)
    assert (seen[Clock.FIRST_MEETING].took_s, seen[Clock.FIRST_MEETING].overdue) == (
        18 * 86_400,
        True,
    )
    assert (seen[Clock.FIRST_OFFER].took_s, seen[Clock.FIRST_OFFER].overdue) == (None, False)
    late = NOW + 2 * DAY + TARGETS[Clock.FIRST_OFFER]
    assert {reading.clock for reading in read_clocks(room, late) if reading.overdue} == {
        Clock.FIRST_MEETING,
        Clock.FIRST_OFFER,
    }
    closed = replace(room, status=S.CLOSED)
    assert [reading.overdue for reading in read_clocks(closed, late)] == [False, True, False, False]


def test_a_request_that_lapsed_was_never_answered() -> None:
    """LS95"""
    lapsed = replace(ROOM, status=S.LAPSED)
    first, *others = read_clocks(lapsed, NOW + 14 * DAY)
    assert (first.took_s, first.overdue) == (None, True)
    assert not any(reading.due_at or reading.overdue for reading in others)
    rooms = [lapsed, replace(ROOM, answered_at=NOW + DAY), replace(ROOM, answered_at=NOW + 2 * DAY)]
    answers = summarise(rooms, NOW + 3 * DAY)[0]
    assert (answers.count, answers.median_s, answers.overdue) == (2, 129_600, 1)
