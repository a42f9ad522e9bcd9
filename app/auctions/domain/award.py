"""The award queue: who is asked after a winner who does not sign."""

from collections.abc import Iterable
from typing import NamedTuple

from app.auctions.domain.formats import RULES
from app.auctions.domain.formats.sealed import Sealed, meets_floor, rank_by_price
from app.auctions.domain.model import Act, BiddingState, Code, Origin
from app.shared.money import Money


class Place(NamedTuple):
    """A bidder's place: its best valid bid and that bid's number in the auction."""

    bidder: Code
    amount: Money
    sequence: int


def rank_open(state: BiddingState, trail: Iterable[tuple[int, Act]]) -> list[Place]:
    """Rank the bidders of an ended open auction, the winner first.

    At an equal price, who matched it stands before who bid it, the last match first: each took
    the lead from all before. Then comes the earlier bid. The winner stands first also where it
    won by seniority. Who did not reach the floor has no place.

    Args:
        trail: Standing bids with their numbers, in any order.

    Source: README, AU5, AU26 and AU41.
    """
    best: dict[Code, tuple[tuple[bool, int, bool, int], Place]] = {}
    for sequence, act in trail:
        if act.amount is None or state.terms.gain(act.amount, state.floor) < 0:
            continue
        matched = act.origin is Origin.MATCH
        price = -state.terms.sign * act.amount.amount_minor
        order = (act.bidder != state.leader, price, not matched, -sequence if matched else sequence)
        found = order, Place(act.bidder, act.amount, sequence)
        best[act.bidder] = min(found, best.get(act.bidder, found))
    return [place for _, place in sorted(best.values())]


def rank_sealed(state: BiddingState) -> list[Place]:
    """Rank the opened entries of an ended sealed auction, the winner first, by its own ranking.

    The winner's amount is the price it won at; everybody else's is the amount it bid.

    Source: README, AU17 and AU26.
    """
    valid = [entry for entry in state.entries if meets_floor(state, entry.amount)]
    rules = RULES[state.terms.format]
    ranking = rules.ranking if isinstance(rules, Sealed) else rank_by_price
    places = []
    for entry in ranking(state, valid):
        assert entry.amount is not None
        won = entry.bidder == state.leader
        amount = state.leading if won and state.leading is not None else entry.amount
        if state.terms.gain(amount, state.floor) >= 0:
            places.append(Place(entry.bidder, amount, entry.sequence))
    return sorted(places, key=lambda place: place.bidder != state.leader)


def award_queue(state: BiddingState, trail: Iterable[tuple[int, Act]]) -> list[Place]:
    """Return the winner and the announced number of next bidders 候补, whose deposits wait.

    See `ranking`.
    """
    return ranking(state, trail)[: 1 + state.terms.standby_count]


def ranking(state: BiddingState, trail: Iterable[tuple[int, Act]]) -> list[Place]:
    """Return all who reached the floor, the winner first.

    The winner's amount is the price it won at. Sealed formats rank their entries; who matched
    the price after the opening stands before them, the last match first.

    Args:
        state: Ended with an award, with its entries, ranks and reserve.
        trail: Standing bids whose amounts are open, with their numbers.

    Source: rules.md §2, D4; README, AU26 and AU80.
    """
    assert state.leader is not None
    assert state.leading is not None
    ranked = rank_open(state, trail)
    if state.entries:
        # What was sealed has no open amount, so that the trail holds the matches alone.
        ranked += rank_sealed(state)
    own = next((place.sequence for place in ranked if place.bidder == state.leader), 0)
    queue = {state.leader: Place(state.leader, state.leading, own)}
    for place in ranked:
        queue.setdefault(place.bidder, place)
    return list(queue.values())
