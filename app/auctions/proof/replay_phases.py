"""End every phase anew, at its stored deadline, and compare what was published of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from app.auctions.domain.formats import RULES
from app.auctions.domain.formats.sealed import Sealed
from app.auctions.domain.judging import due, end_phase
from app.auctions.domain.model import (
    Act,
    AuctionStatus,
    BiddingState,
    Entry,
    Limit,
    Origin,
    PhaseChange,
    Trigger,
)
from app.auctions.domain.terms import Format, Sealing
from app.auctions.proof.case import Case, money_of
from app.shared.canonical import salted_digest
from app.shared.errors import DomainError
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.sealing import verify_opening

TYPES: Final[Mapping[Trigger, str]] = {
    Trigger.OPEN: "auction.opened",
    Trigger.CONTEST: "auction.contested",
    Trigger.ROUND_CLOSE: "auction.round_closed",
    Trigger.ROUND_OPEN: "auction.round_opened",
    Trigger.CLOSE: "auction.closed",
    Trigger.MATCH: "auction.matching",
    Trigger.AWARD: "auction.awarded",
    Trigger.FAIL: "auction.failed",
    Trigger.RESUME: "auction.resumed",
}
_ENDS: Final = frozenset({Trigger.AWARD, Trigger.FAIL})


def replay_phase(case: Case, kind: str, public: Mapping[str, Any], at: datetime) -> None:
    """End the phase that an event says has ended."""
    before = _with_secrets(case, public, at)
    state, change = _end(case, before, at)
    case.same(kind, TYPES[change.trigger], "阶段的结局与规则不符", "the phase ends in another way")
    case.same(
        at,
        change.at,
        "阶段结束的时刻不是其截止时刻",
        "the phase does not end at its deadline",
    )
    _compare(case, public, state, change)
    if "openings" in public and not _all_revealed(case):
        raise case.broken("有密封报价未揭示", "a sealed bid is not revealed")
    if change.trigger in _ENDS:
        _check_reserve(case, public)
    case.state = replace(state, reserve=None, ranks={}, limits=case.state.limits)


def _end(case: Case, state: BiddingState, at: datetime) -> tuple[BiddingState, PhaseChange]:
    if state.status is AuctionStatus.OPENING:
        rules = RULES[state.terms.format]
        assert isinstance(rules, Sealed)
        if any(entry.points is None and state.terms.criteria for entry in state.entries):
            raise case.broken("尚未评分", "a bid has no points")
        return rules.open_bids(state, at=at)
    if not due(state, at):
        raise case.broken(
            "阶段尚未到截止时刻",
            "the phase ends before its deadline",
            told=at,
            found=state.deadline_at,
        )
    return end_phase(state)


def _with_secrets(case: Case, public: Mapping[str, Any], at: datetime) -> BiddingState:
    """Return the state with what only the closing knows."""
    state = case.state
    limits = state.limits
    if public.get("bids") and not case.limits_known:
        # As much of the leader's limit as the bid at the end shows.
        row = public["bids"][0]
        if row["bidder_code"] not in case.limits:
            raise case.broken("系统报价没有委托", "the system bids for no standing maximum")
        limits = (Limit(row["bidder_code"], money_of(row["amount"]), 0),)
    entries = tuple(_entry(case, entry) for entry in state.entries)
    return replace(
        state, limits=limits, entries=entries, reserve=case.reserve, ranks=case.ranks(at)
    )


def _entry(case: Case, entry: Entry) -> Entry:
    terms = case.state.terms
    if terms.sealing is Sealing.THRESHOLD and case.state.status is AuctionStatus.OPENING:
        if entry.sequence not in case.opened:
            raise case.broken("密封报价尚未开启", "a sealed bid was not opened before this")
        entry = replace(entry, amount=case.opened[entry.sequence])
    if terms.format is Format.WEIGHTED:
        entry = replace(entry, points=case.points.get(entry.bidder))
    return entry


def replay_openings(case: Case, public: Mapping[str, Any]) -> None:
    """Open again every bid whose key lay in shares with several holders, from the proofs.

    Whose share was called unreadable stands in the event; a bid void for want of shares rests
    on those words alone.
    """
    if case.opened or case.state.status is not AuctionStatus.OPENING:
        raise case.broken("此时不能开启密封报价", "sealed bids are opened once, after the deadline")
    complaints: dict[int, set[int]] = {}
    for told in public["complaints"]:
        complaints.setdefault(told["sequence"], set()).add(told["holder"])
    case.notes["complaints"] += len(complaints)
    told_of = [row["sequence"] for row in public["bids"]]
    sealed = sorted(entry.sequence for entry in case.state.entries)
    case.same(told_of, sealed, "没有一次开启全部密封报价", "not every sealed bid is opened, once")
    for row in public["bids"]:
        sequence = row["sequence"]
        reveal = case.reveals.get(sequence, {})
        for name in ("id", "bidder_code", "salt", "sealed"):
            found = reveal.get(name)
            case.same(row[name], found, f"开启的报价 {name} 不符", f"another '{name}' is opened")
        amount, reason = _open(case, row, complaints.get(sequence, set()))
        found = jsonable(amount)
        case.same(row["amount"], found, "开启的金额与密文不符", "the amount is not what was sealed")
        case.same(row["void_reason"], reason, "作废理由不符", "the bid is void for other reasons")
        case.opened[sequence] = amount


def _open(
    case: Case, row: Mapping[str, Any], complaints: set[int]
) -> tuple[Money | None, str | None]:
    try:
        opened = verify_opening(
            row["sealed"],
            row["proof"],
            auction_id=case.auction_id,
            bidder_code=row["bidder_code"],
            complaints=complaints,
        )
    except DomainError as refusal:
        raise case.broken(
            f"第 {row['sequence']} 号密封报价的开封证明不成立",
            f"the proof of sealed bid {row['sequence']} does not hold: {refusal.detail}",
        ) from None
    return opened.amount, None if opened.void_reason is None else str(opened.void_reason)


def _all_revealed(case: Case) -> bool:
    return all(entry.sequence in case.reveals for entry in case.state.entries)


def _compare(
    case: Case, public: Mapping[str, Any], state: BiddingState, change: PhaseChange
) -> None:
    """Compare everything that was published of the end with what follows."""
    expected: dict[str, Any] = {"status": change.status, **(change.detail or {})}
    openings = expected.pop("openings", None)
    if change.trigger in {*_ENDS, Trigger.MATCH}:
        expected |= {"bidder_code": state.leader, "price": state.leading}
    if change.trigger is Trigger.FAIL:
        silent = state.bid_count == 0
        expected |= {"silent": silent, "silent_forfeits": silent and state.terms.silent_forfeits}
    for name, found in jsonable(expected).items():
        case.same(
            public.get(name), found, f"公布的 {name} 与规则不符", f"{name} is not what follows"
        )
    _compare_acts(case, public.get("bids", []), state, change.acts)
    _compare_openings(case, public.get("openings"), jsonable(openings))


def _compare_acts(
    case: Case, rows: list[Mapping[str, Any]], state: BiddingState, acts: tuple[Act, ...]
) -> None:
    first = state.judged_count - len(acts) + 1
    expected = [
        {
            "sequence": sequence,
            "bidder_code": act.bidder,
            "amount": jsonable(act.amount),
            "origin": str(Origin.STANDING),
        }
        for sequence, act in enumerate(acts, start=first)
    ]
    told = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    case.same(told, expected, "结束时的系统报价不符", "the system's bids at the end are others")
    for row in rows:
        if row["id"] in case.ids:
            raise case.broken("报价编号重复", "two bids have one id", told=row["id"])
        case.ids.add(row["id"])
    for sequence, act in enumerate(acts, start=first):
        case.stood(sequence, act)


def _compare_openings(
    case: Case, told: list[Mapping[str, Any]] | None, found: list[dict[str, Any]] | None
) -> None:
    case.same(told is None, found is None, "开封结果的有无不符", "openings there, or not, wrongly")
    shown = [
        {name: row.get(name) for name in expected}
        for row, expected in zip(told or (), found or (), strict=False)
    ]
    case.same(len(told or ()), len(found or ()), "开封的报价数不符", "another number of openings")
    case.same(shown, found or [], "开封结果与揭示不符", "the openings are not what was revealed")
    for row in told or ():
        reveal = case.reveals.get(row["sequence"], {})
        for name in ("id", "salt"):
            case.same(row.get(name), reveal.get(name), "开封的报价不符", "another bid was opened")


def _check_reserve(case: Case, public: Mapping[str, Any]) -> None:
    """Open the commitment of the secret reserve."""
    commitment = case.reserve_commitment
    if commitment is None:
        case.same(public.get("reserve"), None, "保留价未曾缴存", "the reserve was never deposited")
        return
    if public.get("reserve") is None:
        raise case.broken("保留价没有揭示", "the secret reserve is not revealed")
    made = salted_digest({"amount": public["reserve"]}, bytes.fromhex(public["reserve_salt"]))
    case.same(made, commitment, "保留价与承诺不符", "the reserve is not the one committed to")
