"""Challenge events: states, what an announcement must say, and what may be changed of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from app.demands.domain.challenge import (
    CHALLENGE_TRANSITIONS,
    Challenge,
    ChallengeChanged,
    ChallengeContent,
    ChallengeInvalid,
    ChallengeStatus,
    ChallengeTrigger,
    Prize,
    PrizeFunding,
    Stage,
    StageKind,
    check_challenge,
    check_change,
    check_version,
    etag,
    may_see_challenge,
)
from app.shared.access import Viewer
from app.shared.ids import ChallengeId, MarketId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
SPONSOR = PartyId(new_id())


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def stage(kind: StageKind, first: int, last: int, title: str | None = None) -> Stage:
    return Stage(kind=kind, title=title or f"赛段{first}", starts_at=day(first), ends_at=day(last))


def prize(name: str = "一等奖", **more: Any) -> Prize:
    fields: dict[str, Any] = {
        "name": name,
        "amount": Money(50_000_00),
        "count": 1,
        "funding": PrizeFunding.ESCROW,
        "sponsor_id": SPONSOR,
        "sponsor_name": "西溪智造有限公司",
    }
    return Prize(**(fields | more))


CONTENT = ChallengeContent(
    title="先进制造创新挑战赛",
    rules="每项需求的揭榜方案自动参赛。",
    stages=(
        stage(StageKind.REGISTRATION, 1, 10),
        stage(StageKind.PRELIMINARY, 10, 20),
        stage(StageKind.FINAL, 25, 30),
    ),
    prizes=(prize(), prize("二等奖", count=2, amount=Money(20_000_00))),
)


def challenge(**more: Any) -> Challenge:
    fields: dict[str, Any] = {
        "id": ChallengeId(new_id()),
        "number": "ZP-C-2026-000001",
        "market_id": MarketId(new_id()),
        "party_id": PartyId(new_id()),
        "status": ChallengeStatus.RUNNING,
        "content": CONTENT,
        "version": 1,
        "created_at": NOW,
        "announced_at": NOW,
    }
    return Challenge(**(fields | more))


@pytest.mark.parametrize(("state", "trigger"), list(product(ChallengeStatus, ChallengeTrigger)))
def test_every_state_and_trigger_is_in_the_table_or_refused(
    state: ChallengeStatus, trigger: ChallengeTrigger
) -> None:
    """DM120"""
    expected = {
        "draft": {"edit": "draft", "announce": "announced", "cancel": "cancelled"},
        "announced": {"change": "announced", "begin": "running", "cancel": "cancelled"},
        "running": {"change": "running", "finish": "finished", "cancel": "cancelled"},
    }.get(state, {})
    if trigger in expected:
        reached = advance(CHALLENGE_TRANSITIONS, state=state, trigger=trigger)
        assert reached == expected[trigger]
    else:
        with pytest.raises(TransitionRefused) as caught:
            advance(CHALLENGE_TRANSITIONS, state=state, trigger=trigger)
        assert caught.value.fields["possible"] == sorted(expected)


def test_a_draft_is_for_the_staff() -> None:
    """DM120"""
    draft = challenge(announced_at=None, status=ChallengeStatus.DRAFT)
    assert may_see_challenge(Viewer(staff_of=draft.market_id), draft)
    assert not may_see_challenge(Viewer(party_id=SPONSOR, staff_of=MarketId(new_id())), draft)
    assert may_see_challenge(Viewer(), challenge())


def errors_of(refusal: ChallengeInvalid) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = refusal.fields["errors"]  # type: ignore[assignment]
    return told


def faults(content: ChallengeContent, now: datetime | None = NOW) -> set[tuple[str, str]]:
    with pytest.raises(ChallengeInvalid) as caught:
        check_challenge(content, now=now)
    return {(error["field"], error["rule"]) for error in errors_of(caught.value)}


def test_an_event_that_can_be_run_passes() -> None:
    """DM121"""
    check_challenge(CONTENT, now=NOW)
    check_challenge(CONTENT, now=None)
    check_challenge(replace(CONTENT, stages=CONTENT.stages[-1:], prizes=()), now=NOW)


def test_all_faults_of_an_event_are_told_at_once() -> None:
    """DM121"""
    stages = (
        stage(StageKind.FINAL, 0, 5, "决赛"),
        stage(StageKind.REGISTRATION, 4, 4, "决赛"),
    )
    broken = replace(
        CONTENT, stages=stages, prizes=(prize(sponsor_id=None), prize(sponsor_id=None))
    )
    assert faults(broken) == {
        ("stages", "final_missing"),
        ("stages.1.ends_at", "stage_empty"),
        ("stages.1.starts_at", "stages_overlap"),
        ("stages.1.kind", "stages_out_of_order"),
        ("stages.0.starts_at", "starts_in_the_past"),
        ("stages.1", "repeated"),
        ("prizes.1", "repeated"),
        ("prizes.0.sponsor_id", "sponsor_missing"),
        ("prizes.1.sponsor_id", "sponsor_missing"),
    }


def test_a_prize_can_be_booked() -> None:
    """DM121"""
    huge = prize(amount=Money(10**17), count=2)
    assert faults(replace(CONTENT, prizes=(huge,))) == {("prizes.0.count", "prize_too_large")}


def test_a_prize_paid_outside_needs_no_party() -> None:
    """DM121"""
    outside = prize(funding=PrizeFunding.OUTSIDE, sponsor_id=None)
    check_challenge(replace(CONTENT, prizes=(outside,)), now=NOW)
    assert prize(count=3).total == Money(150_000_00)


@pytest.mark.parametrize("seen", [None, '"1"', "1", ""])
def test_a_change_names_the_version_it_saw(seen: str | None) -> None:
    """DM121"""
    with pytest.raises(ChallengeChanged) as caught:
        check_version(challenge(version=2), seen)
    assert caught.value.fields["accepted"] == '"2"'
    check_version(challenge(version=2), etag(challenge(version=2)))


def changed(stages: tuple[Stage, ...] = CONTENT.stages, **more: Any) -> ChallengeContent:
    return replace(CONTENT, stages=stages, **more)


FIRST, SECOND, LAST = CONTENT.stages
REFUSED: dict[str, tuple[ChallengeContent, str, str]] = {
    "a prize is taken back": (changed(prizes=CONTENT.prizes[:1]), "prizes", "prize_taken_back"),
    "a prize is lowered": (
        changed(prizes=(prize(amount=Money(1)), CONTENT.prizes[1])),
        "prizes",
        "prize_taken_back",
    ),
    "a past stage is renamed": (
        changed((replace(FIRST, title="报名"), SECOND, LAST)),
        "stages.0",
        "stage_begun",
    ),
    "a running stage began otherwise": (
        changed((FIRST, replace(SECOND, starts_at=day(11)), LAST)),
        "stages.1",
        "stage_begun",
    ),
    "a running stage ended before": (
        changed((FIRST, replace(SECOND, ends_at=day(12)), LAST)),
        "stages.1",
        "stage_begun",
    ),
    "a running stage is left out": (changed((FIRST, LAST)), "stages.1", "stage_begun"),
    "the final has begun already": (
        changed((FIRST, replace(SECOND, ends_at=day(15)), replace(LAST, starts_at=day(15)))),
        "stages.2.starts_at",
        "starts_in_the_past",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_change_takes_nothing_back(what: str) -> None:
    """DM122"""
    after, field, rule = REFUSED[what]
    with pytest.raises(ChallengeInvalid) as caught:
        check_change(challenge(), after, now=day(15))
    assert (field, rule) in {(e["field"], e["rule"]) for e in errors_of(caught.value)}


def test_a_change_moves_what_lies_ahead_and_adds_prizes() -> None:
    """DM122"""
    later = (FIRST, replace(SECOND, ends_at=day(22)), replace(LAST, ends_at=day(40)))
    more = (*CONTENT.prizes, prize("优胜奖"))
    check_change(challenge(), changed(later, prizes=more), now=day(15))
    moved = tuple(
        replace(s, starts_at=s.starts_at + timedelta(days=9), ends_at=s.ends_at + timedelta(days=9))
        for s in CONTENT.stages
    )
    check_change(challenge(), changed(moved), now=NOW)
