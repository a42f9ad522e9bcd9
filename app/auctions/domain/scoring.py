"""Points of a weighted auction 权重报价: given once, for all bidders, before any price is known."""

from collections.abc import Collection, Mapping, Sequence

from app.auctions.domain.formats.base import Fault
from app.auctions.domain.formats.sealed import POINTS_MAX
from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.terms import Format
from app.shared.errors import Conflict, RuleBroken


class ScoresNotDue(Conflict):
    """Points are given to the bidders of a weighted auction after its deadline, before its end."""

    code = "scores_not_due"
    title_zh = "当前不能评分"
    title_en = "Points cannot be given now"


class ScoresGiven(Conflict):
    """Points are given once."""

    code = "scores_given"
    title_zh = "评分已提交，不能更改"
    title_en = "The points were given before"


class PricesKnown(Conflict):
    """Prices were opened before the points: who scores now would score knowing them."""

    code = "prices_known"
    title_zh = "报价已开启，不能再评分"
    title_en = "The prices are known already"


class ScoresInvalid(RuleBroken):
    """Points are missing, too many, or out of range; every fault is named."""

    code = "scores_invalid"
    title_zh = "评分不完整或超出范围"
    title_en = "The points do not fit the bidders or the criteria"


def check_scores(
    state: BiddingState,
    given: Mapping[str, Sequence[int]],
    *,
    bidders: Collection[str],
    scored: bool,
    prices_known: bool,
) -> None:
    """Refuse points that come at the wrong time or do not fit bidders and criteria.

    Args:
        bidders: Codes of all who gave a sealed bid; each gets points, whatever its price.
        scored, prices_known: Points were given, bids were opened before.

    Raises:
        ScoresNotDue, ScoresGiven, PricesKnown: It is not the time.
        ScoresInvalid: Lists every fault.

    Source: rules.md §3, weighted; README, AU46.
    """
    if state.terms.format is not Format.WEIGHTED or state.status is not AuctionStatus.OPENING:
        raise ScoresNotDue(
            "Points are given after the deadline of a weighted auction.", state=str(state.status)
        )
    if scored:
        raise ScoresGiven("Points are given once, for all bidders.")
    if prices_known:
        raise PricesKnown("Points come before prices.")
    faults = _faults(state, given, bidders)
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['rule']}" for fault in faults[:20])
        raise ScoresInvalid(detail, faults=faults)


def _faults(
    state: BiddingState, given: Mapping[str, Sequence[int]], bidders: Collection[str]
) -> list[Fault]:
    count = len(state.terms.criteria or ())
    faults: list[Fault] = [
        {"field": f"scores.{code}", "rule": "every_bidder", "accepted": {"points": count}}
        for code in sorted(set(bidders) - given.keys())
    ]
    for code, points in given.items():
        if code not in bidders:
            accepted = sorted(bidders)
            faults.append({"field": f"scores.{code}", "rule": "a_bidder", "accepted": accepted})
        elif len(points) != count:
            faults.append({"field": f"scores.{code}", "rule": "one_a_criterion", "accepted": count})
        elif not all(0 <= each <= POINTS_MAX for each in points):
            span = {"at_least": 0, "at_most": POINTS_MAX}
            faults.append({"field": f"scores.{code}", "rule": "within", "accepted": span})
    return faults
