"""Judge every command of the trail anew, at its moment, and compare what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from app.auctions.domain.formats import RULES
from app.auctions.domain.judging import Judgement, due, judge
from app.auctions.domain.model import Act, Bid, BiddingState, Origin, SetLimit
from app.auctions.proof.case import Case, money_of
from app.shared.errors import DomainError
from app.shared.money import Money
from app.shared.sealing import check_shape

Row = Mapping[str, Any]

# Refusals that do not depend on the amount: told of a hidden limit, they can still be checked.
_OF_THE_HOUR: Final = frozenset(
    {"auction_not_open", "auction_paused", "bid_after_close", "limit_not_possible"}
)
_BLIND: Final = frozenset({"bid_currency_wrong"})  # comes between them


def replay_bids(case: Case, rows: Sequence[Row], at: datetime) -> None:
    """Judge the commands of one event, all at its moment, in their order."""
    last = case.state.last_judged_at
    if last is not None and at < last:
        raise case.broken("判定时刻倒退", "the judging goes back in time", told=at, found=last)
    if not rows:
        raise case.broken("事件中没有报价", "the event has no bid")
    place = 0
    while place < len(rows):
        if due(case.state, at):
            raise case.broken(
                "该阶段已到截止时刻，之前缺少阶段结束事件",
                "the phase was over: its end is missing before this bid",
                told=at,
                found=case.state.deadline_at,
            )
        end = place + 1
        while end < len(rows) and rows[end].get("origin") == Origin.STANDING:
            end += 1
        _command(case, rows[place], rows[place + 1 : end], at)
        place = end


def _command(case: Case, row: Row, acts: Sequence[Row], at: datetime) -> None:
    for offset, each in enumerate((row, *acts), start=1):
        number = case.state.judged_count + offset
        case.same(each["sequence"], number, "报价序号不连续", "the numbers have a gap")
        if each["id"] in case.ids:
            raise case.broken("报价编号重复", "two bids have one id", told=each["id"])
        case.ids.add(each["id"])
    if row.get("origin") == Origin.STANDING:
        raise case.broken("系统报价之前没有指令", "the system bids on no command")
    if row.get("kind") == "limit" and not case.limits_known:
        _limit_unseen(case, row, acts, at)
    elif "refusal" in row:
        _refused(case, row, acts, at)
    elif row.get("kind") == "limit":
        found = case.reveal(row, needed=True)
        assert found is not None
        _stands(case, row, acts, SetLimit(row["bidder_code"], money_of(found["amount"])), at)
    else:
        _stands(case, row, acts, _accepted(case, row), at)
    if row.get("kind") == "limit" and "refusal" not in row:
        case.limits[row["bidder_code"]] = row["sequence"]
    for each in (row, *acts):
        if "amount" in each and "refusal" not in each:
            case.stood(each["sequence"], _act_of(each))


def _accepted(case: Case, row: Row) -> Bid:
    code = row["bidder_code"]
    if "commitment" not in row:
        return Bid(code, money_of(row["amount"]), Origin(row["origin"]))
    found = case.reveal(row, needed=not case.withheld)
    if found is None:
        case.notes["withheld"] += 1
        return Bid(code, _stand_in(case.state, code))
    if "sealed" in found:
        _check_form(case, found)
        return Bid(code, None)
    return Bid(code, money_of(found["amount"]))


def _stand_in(state: BiddingState, code: str) -> Money | None:
    """Return an amount that would have been acceptable, of a bid that was never opened."""
    if state.terms.threshold is not None:
        return None
    own = next((entry for entry in state.entries if entry.bidder == code), None)
    return state.terms.start if own is None else own.amount


def _check_form(case: Case, found: Row) -> None:
    refusal = _form_refusal(case, found)
    if refusal is not None:
        raise case.broken(
            "密封报价的格式不符", f"the sealed bid is not of the published form: {refusal.detail}"
        )


def _form_refusal(case: Case, found: Row) -> DomainError | None:
    """Return what the bid path refuses where the rules alone would take the bid unread."""
    terms = case.state.terms
    if "sealed" not in found or terms.holders is None:
        return None
    try:
        check_shape(
            found["sealed"],
            auction_id=case.auction_id,
            bidder_code=found["bidder_code"],
            holders=terms.holders,
            threshold=terms.threshold or 0,
        )
    except DomainError as refusal:
        return refusal
    return None


def _judge(case: Case, command: Bid | SetLimit, at: datetime) -> Judgement:
    judged = judge(replace(case.state, ranks=case.ranks(at)), command, at)
    return replace(judged, state=replace(judged.state, ranks={}))


def _stands(
    case: Case, row: Row, acts: Sequence[Row], command: Bid | SetLimit, at: datetime
) -> None:
    judged = _judge(case, command, at)
    unknown = isinstance(command, Bid) and command.origin is Origin.MATCH and not case.matches_known
    if judged.refusal is not None:
        if not unknown or judged.refusal.code != "match_not_possible":
            raise case.broken(
                f"第 {row['sequence']} 号报价依规则应被拒绝",
                f"by the rules bid {row['sequence']} does not stand",
                told="accepted",
                found=judged.refusal.code,
            )
        case.notes["matches"] += 1
        judged = _match_on_word(case, command, at)
    made = judged.acts
    if isinstance(command, Bid):
        own, made = made[0], made[1:]
        told = row.get("amount")
        found = None if own.amount is None or "commitment" in row else own.amount.as_json()
        case.same(told, found, "成交报价与规则不符", "the bid stands at another price")
    case.state = judged.state
    if case.limits_known:
        shown = [_act_of(each) for each in acts]
        case.same(shown, list(made), "系统代为报价不符", "the system's bids are others")
    else:
        _system_bids(case, acts, case.state)


def _match_on_word(case: Case, command: Bid | SetLimit, at: datetime) -> Judgement:
    """Let a holder take the lead whose right was never published (a cancelled auction)."""
    state = replace(
        case.state,
        leader=command.bidder,
        bid_count=case.state.bid_count + 1,
        judged_count=case.state.judged_count + 1,
        last_judged_at=at,
    )
    return Judgement(state, (), (Act(command.bidder, command.amount, Origin.MATCH),), None)


def _refused(case: Case, row: Row, acts: Sequence[Row], at: datetime) -> None:
    if acts:
        raise case.broken("被拒报价之后有系统报价", "the system bids on a refused bid")
    found = case.reveal(row, needed=not case.withheld)
    if found is None:
        case.notes["withheld"] += 1
    elif row.get("kind") == "limit":
        _compare(case, row, SetLimit(found["bidder_code"], money_of(found["amount"])), at)
    else:
        amount = None if "sealed" in found else money_of(found["amount"])
        origin = Origin(row.get("origin", Origin.BIDDER))
        bid = Bid(found["bidder_code"], amount, origin)
        _compare(case, row, bid, at, form=_form_refusal(case, found))
    _count(case, at)


def _compare(
    case: Case,
    row: Row,
    command: Bid | SetLimit,
    at: datetime,
    *,
    form: DomainError | None = None,
) -> None:
    refusal = _judge(case, command, at).refusal or form
    code = None if refusal is None else refusal.code
    if row["refusal"] == "match_not_possible" and not case.matches_known:
        case.notes["matches"] += 1
        return
    case.same(
        row["refusal"],
        code,
        f"第 {row['sequence']} 号报价的判定与规则不符",
        f"the verdict on bid {row['sequence']} is not the rules'",
    )


def _count(case: Case, at: datetime) -> None:
    number = case.state.judged_count + 1
    case.state = replace(case.state, judged_count=number, last_judged_at=at)


def _limit_unseen(case: Case, row: Row, acts: Sequence[Row], at: datetime) -> None:
    """Check what can be checked of a standing maximum whose amount is not public."""
    told = row.get("refusal")
    code = row.get("bidder_code", "")
    probe = _judge(case, SetLimit(code, case.state.terms.start), at).refusal
    fixed = probe.code if probe is not None and probe.code in _OF_THE_HOUR else None
    blind = told in _BLIND and fixed == "limit_not_possible"
    if not blind and (fixed is not None or told in _OF_THE_HOUR):
        case.same(told, fixed, "委托报价的判定与规则不符", "the verdict on a limit is another")
    case.notes["limits"] += 1
    _count(case, at)
    if told is not None:
        if acts:
            raise case.broken("被拒委托之后有系统报价", "the system bids on a refused limit")
        return
    case.limits[code] = row["sequence"]
    if not acts:
        return
    before = case.state
    _check_system_bids(case, acts, before)
    first = _act_of(acts[0])
    rules = RULES[before.terms.format]
    # Accepting the first one restarts the window; the answers to it do so no second time.
    accepted, _ = rules.accept(before, Bid(first.bidder, first.amount, first.origin), at)
    case.state = replace(accepted, judged_count=accepted.judged_count + 1)
    _lay(case, acts[1:])


def _act_of(row: Row) -> Act:
    return Act(row["bidder_code"], money_of(row["amount"]), Origin(row["origin"]))


def _system_bids(case: Case, acts: Sequence[Row], before: BiddingState) -> None:
    if acts:
        _check_system_bids(case, acts, before)
        _lay(case, acts)


def _lay(case: Case, acts: Sequence[Row]) -> None:
    for act in map(_act_of, acts):
        state = case.state
        case.state = replace(
            state,
            contested=state.contested or state.leader not in {None, act.bidder},
            leader=act.bidder,
            leading=act.amount,
            bid_count=state.bid_count + 1,
            judged_count=state.judged_count + 1,
        )


def _check_system_bids(case: Case, acts: Sequence[Row], before: BiddingState) -> None:
    """Check the system's bids as far as that is possible without knowing the limits.

    Each belongs to a bidder who set a limit, lies on the steps and improves, and the last is at
    most one step better than what it had to beat.
    """
    terms = before.terms
    step = terms.step
    if step is None:
        raise case.broken("本方式没有委托报价", "this format has no standing maxima")
    leading, leader = before.leading, before.leader
    for number, row in enumerate(acts):
        act = _act_of(row)
        amount = act.amount
        assert amount is not None
        gain = terms.gain(amount, terms.start if leading is None else leading)
        owner = act.bidder in case.limits and act.bidder != leader
        tie = number > 0 and case.limits.get(act.bidder, 0) < case.limits.get(leader or "", 0)
        lowest = 0 if leading is None or tie else 1
        if not owner or gain % step.amount_minor or gain < lowest:
            raise case.broken(
                f"第 {row['sequence']} 号系统报价不成立",
                f"the system's bid {row['sequence']} is not admissible",
                told=row["amount"],
            )
        needed = 0 if leading is None or tie else step.amount_minor
        if number == len(acts) - 1 and gain > needed:
            raise case.broken(
                f"第 {row['sequence']} 号系统报价高于所需",
                f"the system's bid {row['sequence']} is better than it had to be",
                told=row["amount"],
            )
        leading, leader = amount, act.bidder
