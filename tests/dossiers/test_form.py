"""What a dossier is made of: chains that recompute, a timeline that leaves nothing out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dossiers.domain.form import EvidenceBroken, by_subject, head_of, link_of
from app.dossiers.domain.labels import NOTICES, STATES
from app.dossiers.domain.timeline import timeline
from app.listings.domain.notice import NoticeKind, NoticeStatus
from app.listings.public import ListingStatus
from app.settlement.public import DealStatus
from app.shared.canonical import GENESIS, chain_hash, salted_digest

SUBJECT = str(UUID(int=7))
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


def chain(length: int, *, closed: frozenset[int] = frozenset()) -> list[dict[str, Any]]:
    """Return a subject's events as a dossier tells them."""
    events: list[dict[str, Any]] = []
    head = GENESIS
    for version in range(1, length + 1):
        restricted = {"actor": "user:1", "reason": f"第{version}次"}
        salt = bytes([version]) * 16
        at = (AT + timedelta(minutes=version)).isoformat()
        event: dict[str, Any] = {
            "subject": "listing",
            "subject_id": SUBJECT,
            "subject_version": version,
            "type": "listing.published",
            "market_at": at,
            "recorded_at": at,
            "public": {"number": f"ZP-{version}"},
            "restricted_digest": salted_digest(restricted, salt),
            "restricted": None if version in closed else restricted,
            "restricted_salt": None if version in closed else salt.hex(),
        }
        head = chain_hash(head, link_of(event))
        events.append(event | {"hash": head})
    return events


@given(length=st.integers(1, 6), closed=st.frozensets(st.integers(1, 6)))
def test_a_whole_chain_recomputes_to_its_head_whatever_is_closed(
    length: int, closed: frozenset[int]
) -> None:
    """DS2"""
    events = chain(length, closed=closed)
    assert head_of(SUBJECT, events) == events[-1]["hash"]


BREACHES = {
    "public": lambda event: event["public"].update(number="ZP-9"),
    "moment": lambda event: event.update(market_at=AT.isoformat()),
    "type": lambda event: event.update(type="listing.failed"),
    "restricted": lambda event: event["restricted"].update(reason="另有原因"),
    "digest": lambda event: event.update(restricted_digest="0" * 64),
    "hash": lambda event: event.update(hash="0" * 64),
    "version": lambda event: event.update(subject_version=9),
}


@pytest.mark.parametrize("what", BREACHES)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_fact_of_an_event_can_be_changed(what: str, place: int) -> None:
    """DS2"""
    events = chain(3)
    BREACHES[what](events[place])
    with pytest.raises(EvidenceBroken):
        head_of(SUBJECT, events)


@pytest.mark.parametrize("place", [0, 1])
def test_no_event_but_the_last_can_be_left_out_unseen(place: int) -> None:
    """DS2"""
    events = chain(3)
    del events[place]
    with pytest.raises(EvidenceBroken):
        head_of(SUBJECT, events)


@given(order=st.permutations(range(5)))
def test_a_timeline_tells_every_event_once_in_the_order_of_recording(order: list[int]) -> None:
    """DS4"""
    events = chain(5, closed=frozenset({2}))
    told = timeline([events[place] for place in order], {"user:1": "之澜理工大学经办人"})
    assert [line.at for line in told] == [f"2026-03-02 09:0{minute}:00" for minute in range(1, 6)]
    assert [line.who for line in told].count("（不公开）") == 1
    assert told[0].basis == "理由：第1次"
    assert (told[0].subject, told[0].what) == ("交易项目", "发布公告")


def test_events_are_gathered_by_subject_in_version_order() -> None:
    events = chain(3)
    assert by_subject(reversed(events)) == {SUBJECT: events}


def test_every_state_and_notice_has_a_name_for_people() -> None:
    states = {*ListingStatus, *NoticeStatus, *DealStatus}
    assert {str(state) for state in states} == set(STATES)
    assert {str(kind) for kind in NoticeKind} == set(NOTICES)
