"""The award queue: who is asked after a winner who does not sign, and what that one owes."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from app.auctions.domain.formats import RULES
from app.auctions.domain.formats.sealed import Sealed, meets_floor, rank_by_price
from app.auctions.domain.model import Act, BiddingState, Code
from app.auctions.domain.terms import Direction, Terms
from app.shared.money import Money


class Place(NamedTuple):
    """A bidder's place: its best valid bid and that bid's number in the auction."""

    bidder: Code
    amount: Money
    sequence: int


def rank_open(state: BiddingState, trail: Iterable[tuple[int, Act]]) -> list[Place]:
    """Rank the bidders of an ended open auction, the winner first.

    Equal prices stand in database order, but the winner stands first also where it won by
    seniority or by a match. Who did not reach the floor has no place.

    Args:
        trail: Standing bids with their numbers, in any order.

    Source: README, AU5 and AU26.
    """
    best: dict[Code, Place] = {}
    for sequence, act in trail:
        if act.amount is None or state.terms.gain(act.amount, state.floor) < 0:
            continue
        place = Place(act.bidder, act.amount, sequence)
        known = best.setdefault(act.bidder, place)
        best[act.bidder] = min(known, place, key=lambda it: _order(state.terms, it))
    return sorted(
        best.values(), key=lambda it: (it.bidder != state.leader, _order(state.terms, it))
    )


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


def award_queue(ranked: Sequence[Place], terms: Terms) -> list[Place]:
    """Return the winner and the announced number of next bidders 候补, whose deposits wait."""
    return list(ranked[: 1 + terms.standby_count])


def next_standby(queue: Sequence[Place], gone: Collection[Code]) -> Place | None:
    """Return who is asked next: the best placed bidder that has neither defaulted nor declined.

    Source: rules.md §2, D4; README, AU26.
    """
    return next((place for place in queue if place.bidder not in gone), None)


def shortfall(defaulted: Money, achieved: Money, direction: Direction) -> Money | None:
    """Return what the defaulter owes because the new price is worse; ``None`` if it is not.

    Source: rules.md §2, D4; 拍卖法 39; README, AU27.
    """
    short = defaulted - achieved if direction is Direction.UP else achieved - defaulted
    return short if short.amount_minor > 0 else None


def silence_forfeits(terms: Terms, *, qualified_count: int, bid_count: int) -> bool:
    """Tell whether all deposits are lost because every qualified bidder stayed silent.

    Source: rules.md §2, D3; README, AU28.
    """
    return terms.silent_forfeits and qualified_count > 0 and bid_count == 0


def _order(terms: Terms, place: Place) -> tuple[int, int]:
    return -terms.sign * place.amount.amount_minor, place.sequence
