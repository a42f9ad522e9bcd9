"""Replay an auction from its public events by the pure rules alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from app.auctions.domain import control
from app.auctions.domain.award import award_queue, ranking
from app.auctions.domain.model import (
    TRANSITIONS,
    AuctionStatus,
    BiddingState,
    Trigger,
)
from app.auctions.domain.reserve import before_opening
from app.auctions.domain.room import changes, room
from app.auctions.domain.terms import Terms
from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.case import Case, Right, money_of
from app.auctions.proof.replay_bids import replay_bids
from app.auctions.proof.replay_phases import TYPES, replay_openings, replay_phase
from app.shared.errors import DomainError
from app.shared.jsonable import jsonable

Event = Mapping[str, Any]
_ANNOUNCED: Final = "auction.announced"
_PHASES: Final = frozenset(TYPES.values())
_AWARDS: Final = frozenset({Trigger.DEFAULT, Trigger.OPT_IN, Trigger.EXHAUST})
_OF_AWARD: Final = frozenset({"status", "leader_code", "leading"})


def replay(
    auction_id: str,
    events: Sequence[Event],
    reveals: Mapping[int, Mapping[str, Any]],
    *,
    limits_known: bool,
) -> Case:
    """Replay all events; return what stands at the end.

    Args:
        reveals: What opens the commitments of bids, by their sequence.
        limits_known: Standing maxima are among them.

    Raises:
        LinkBroken: Names the first event that the rules would not have led to.
    """
    notice = next((it for it in events if it["type"] == _ANNOUNCED), None)
    if notice is None:
        raise LinkBroken(None, "文件中没有竞价公告", "the auction is never announced")
    case: Case | None = None
    for event in (notice, *events):
        version = event["version"]
        try:
            if case is None:
                case = _case(auction_id, event["public"], events, reveals, limits_known)
            else:
                case.version = version
                _step(case, event, is_notice=event is notice)
        except LinkBroken:
            raise
        except DomainError as refusal:
            raise LinkBroken(
                version, "依规则不能发生", f"the rules do not let it happen: {refusal.detail}"
            ) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as failure:
            raise LinkBroken(
                version, "事件内容格式不符", "the event is malformed", told=repr(failure)
            ) from None
    assert case is not None
    extra = sorted(reveals.keys() - case.used)
    if extra:
        raise LinkBroken(
            None, f"第 {extra[0]} 号揭示没有对应的承诺", f"reveal {extra[0]} opens nothing"
        )
    return case


def _case(
    auction_id: str,
    public: Mapping[str, Any],
    events: Sequence[Event],
    reveals: Mapping[int, Mapping[str, Any]],
    limits_known: bool,
) -> Case:
    """Return the auction as its notice announces it.

    The announcement is a reaction to the listing's notice and may stand behind what was due
    meanwhile.
    """
    state = BiddingState(
        terms=Terms.from_json(public["terms"]),
        status=AuctionStatus.SCHEDULED,
        deadline_at=datetime.fromisoformat(public["opens_at"]),
    )
    ends = [one["public"] for one in events if one["type"] in _PHASES]
    reserve = next((one["reserve"] for one in reversed(ends) if one.get("reserve")), None)
    rights = next((one["ranks"] for one in reversed(ends) if "ranks" in one), None)
    return Case(
        auction_id=auction_id,
        reveals=reveals,
        limits_known=limits_known,
        withheld=any(one["type"] == "auction.cancelled" for one in events),
        rights=None if rights is None else [_right(told) for told in rights],
        reserve=None if reserve is None else money_of(reserve),
        state=state,
    )


def _right(told: Mapping[str, Any]) -> Right:
    waived_at = told["waived_at"]
    waived = None if waived_at is None else datetime.fromisoformat(waived_at)
    return Right(told["bidder_code"], told["rank"], waived)


def _step(case: Case, event: Event, *, is_notice: bool) -> None:
    kind, public = event["type"], event["public"]
    at = datetime.fromisoformat(event["market_at"])
    before = room(case.state)
    if kind == "auction.bids_judged":
        replay_bids(case, public["bids"], at)
    elif kind in _PHASES and case.state.status is not AuctionStatus.OFFERING:
        replay_phase(case, kind, public, at)
    elif kind in _CONTROL:
        _CONTROL[kind](case, public, at)
    elif kind == "auction.scheduled":
        case.same((case.version, public), (1, {}), "草稿事件不符", "a draft is public in nothing")
    elif kind == _ANNOUNCED:
        case.same(is_notice, True, "重复的竞价公告", "it is announced a second time")
    else:
        _other(case, public)
    found = jsonable(changes(before, room(case.state)))
    told = public.get("room", {})
    for name in sorted(told.keys() | found.keys()):
        if told.get(name) != found.get(name) or (name in told) != (name in found):
            raise case.broken(
                f"竞价状态 {name} 与规则不符",
                f"'{name}' is not what the rules lead to",
                told=told.get(name),
                found=found.get(name),
            )


def _pause(case: Case, public: Mapping[str, Any], at: datetime) -> None:
    """Interrupt by the operator, or because the exchange was away in the final window."""
    if "absences" not in public:
        if at >= case.state.deadline_at:
            raise case.broken("截止时刻已过，不能中止", "the phase was over before the pause")
        case.state = control.pause(case.state, at=at)
        return
    absences = [
        (datetime.fromisoformat(start), datetime.fromisoformat(end))
        for start, end in public["absences"]
    ]
    paused = control.fault_pause(case.state, absences, now=at)
    if paused is None:
        raise case.broken("不满足故障中止的条件", "the absences do not lead to a pause")
    case.notes["faults"] += 1
    case.state = paused
    _resumption(case, public, at)


def _resumption(case: Case, public: Mapping[str, Any], at: datetime) -> None:
    case.state = control.announce_resumption(
        case.state,
        resumes_at=datetime.fromisoformat(public["resumes_at"]),
        now=at,
        notice=timedelta(seconds=case.state.terms.resumption_notice_s),
    )


def _cancel(case: Case, _public: Mapping[str, Any], at: datetime) -> None:
    case.state = control.cancel(case.state, at=at)


def _annul(case: Case, _public: Mapping[str, Any], _at: datetime) -> None:
    case.state = control.annul(case.state)


def _confirm(case: Case, public: Mapping[str, Any], at: datetime) -> None:
    state = case.state
    status = TRANSITIONS.get((state.status, Trigger.CONFIRM))
    if status is None:
        raise case.broken("尚无结果，不能成交确认", "nothing is awarded that could be confirmed")
    told = public["bidder_code"], public["price"]
    found = state.leader, jsonable(state.leading)
    case.same(told, found, "确认书与结果不符", "the confirmation is not of the winner")
    if "standby" in public:  # without it nobody stands by, and nobody can opt in
        full = replace(state, reserve=case.reserve, ranks=case.ranks(at))
        case.queue = award_queue(full, case.trail.values())[1:]
        standby = [place.bidder for place in case.queue]
        case.same(public["standby"], standby, "候补次序与规则不符", "others stand by")
    if "ranking" in public:  # a demand's: whom its result names, best first
        full = replace(state, reserve=case.reserve, ranks=case.ranks(at))
        places = [
            {"bidder_code": place.bidder, "amount": place.amount.as_json()}
            for place in ranking(full, case.trail.values())
        ]
        case.same(public["ranking"], places, "名次与规则不符", "the ranking is another")
    case.state = replace(state, status=status)


def _score(case: Case, public: Mapping[str, Any], _at: datetime) -> None:
    if case.points or case.state.status is not AuctionStatus.OPENING:
        raise case.broken("评分时间不符", "points come once, after the deadline")
    case.points = {code: tuple(points) for code, points in public["points"].items()}


def _deposit(case: Case, public: Mapping[str, Any], _at: datetime) -> None:
    if not before_opening(case.state):
        raise case.broken("开始后缴存保留价", "the reserve comes after the opening")
    case.reserve_commitment = public["commitment"]


def _open_bids(case: Case, public: Mapping[str, Any], _at: datetime) -> None:
    replay_openings(case, public)


_CONTROL: Final[Mapping[str, Callable[[Case, Mapping[str, Any], datetime], None]]] = {
    "auction.paused": _pause,
    "auction.resumption_announced": _resumption,
    "auction.cancelled": _cancel,
    "auction.annulled": _annul,
    "auction.confirmed": _confirm,
    "auction.scored": _score,
    "auction.bids_opened": _open_bids,
    "auction.reserve_deposited": _deposit,
}


def _other(case: Case, public: Mapping[str, Any]) -> None:
    """Take an act of the award queue, or one that changes nothing public.

    That a winner did not sign no rule of bidding decides; who is asked next, and at which price
    it buys, the queue does.
    """
    patch = public.get("room", {})
    if not patch:
        return
    state = case.state
    status = AuctionStatus(patch.get("status", state.status))
    steps = {TRANSITIONS.get((state.status, way)) for way in _AWARDS}
    if not patch.keys() <= _OF_AWARD or status not in steps:
        raise case.broken("此事件不应改变竞价状态", "the event may not change the room", told=patch)
    case.notes["awards"] += 1
    if status is not AuctionStatus.CONFIRMED:
        case.same(patch.keys(), {"status"}, "此时不应改换买受人", "nobody else wins yet")
        case.state = replace(state, status=status)
        return
    told = public["bidder_code"], public["price"]
    place = next((it for it in case.queue if it.bidder == public["bidder_code"]), None)
    found = None if place is None else (place.bidder, place.amount.as_json())
    case.same(told, found, "候补成交与候补次序不符", "it is not sold to who stood by, at its bid")
    assert place is not None
    case.queue = case.queue[case.queue.index(place) + 1 :]
    case.state = replace(state, status=status, leader=place.bidder, leading=place.amount)
