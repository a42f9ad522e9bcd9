"""The award queue after the confirmation: who has the deal, who waits, who is asked next 候补."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.auctions.domain.model import Code
from app.shared.calendar import DayUnit, Duration
from app.shared.errors import Conflict, Forbidden
from app.shared.ids import DealId, PartyId
from app.shared.money import Money
from app.shared.transitions import advance

ANSWER_DEFAULT: Final = Duration(3, DayUnit.WORKING_DAY)
"""A standby bidder answers in as long as a winner signs; without a policy in this time."""


class Outcome(StrEnum):
    """What became of a place in the queue."""

    WAITING = "waiting"  # its deposit waits for the winner's signature
    ASKED = "asked"
    CONFIRMED = "confirmed"  # it has the deal
    SIGNED = "signed"
    SETTLED = "settled"  # the price is paid, signed or not
    DEFAULTED = "defaulted"
    DECLINED = "declined"
    SILENT = "silent"  # no answer in time: left, as if it had declined
    RELEASED = "released"  # not needed any more, its deposit went back


class Move(StrEnum):
    """What moves a place."""

    ASK = "ask"
    ACCEPT = "accept"
    DECLINE = "decline"
    LAPSE = "lapse"
    SIGN = "sign"
    SETTLE = "settle"
    DEFAULT = "default"
    RELEASE = "release"


_O, _M = Outcome, Move

MOVES: Final[Mapping[tuple[Outcome, Move], Outcome]] = {
    (_O.WAITING, _M.ASK): _O.ASKED,
    (_O.ASKED, _M.ACCEPT): _O.CONFIRMED,
    (_O.ASKED, _M.DECLINE): _O.DECLINED,
    (_O.ASKED, _M.LAPSE): _O.SILENT,
    (_O.CONFIRMED, _M.SIGN): _O.SIGNED,
    (_O.CONFIRMED, _M.SETTLE): _O.SETTLED,
    (_O.SIGNED, _M.SETTLE): _O.SETTLED,
    (_O.CONFIRMED, _M.DEFAULT): _O.DEFAULTED,
    (_O.SIGNED, _M.DEFAULT): _O.DEFAULTED,
    (_O.WAITING, _M.RELEASE): _O.RELEASED,
    (_O.ASKED, _M.RELEASE): _O.RELEASED,
    (_O.CONFIRMED, _M.RELEASE): _O.RELEASED,  # its seller broke its word
}


class NotOnStandby(Forbidden):
    """The party has no place in this auction's award queue."""

    code = "not_on_standby"
    title_zh = "您不是本场的候补竞买人"
    title_en = "The party is not on standby in this auction"


class StandbyNotAsked(Conflict):
    """The party is not the one who is asked now, or has answered."""

    code = "standby_not_asked"
    title_zh = "当前未向您征询是否受让"
    title_en = "The party is not asked now"


class StandbyAnswerLate(Conflict):
    """The time to answer is over; silence has declined."""

    code = "standby_answer_late"
    title_zh = "候补答复期限已过，视为放弃"
    title_en = "The time to answer is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """A bidder's place in the queue.

    Attributes:
        place: 0 is the winner's.
        amount: At which it buys: the winner at its price, everybody else at its own best bid.
        answer_by_at: Until when it may answer, once it was asked; half open.
    """

    place: int
    party_id: PartyId
    bidder_code: Code
    amount: Money
    outcome: Outcome = Outcome.WAITING
    deal_id: DealId | None = None
    answer_by_at: datetime | None = None


def moved(award: Award, move: Move) -> Outcome:
    """Return the outcome after a move.

    Raises:
        TransitionRefused: The place cannot move so.
    """
    return advance(MOVES, state=award.outcome, trigger=move)


def next_waiting(queue: Sequence[Award]) -> Award | None:
    """Return who is asked next: the best place that still waits, each once.

    Source: rules.md §2, D4; README, AU82.
    """
    waiting = [award for award in queue if award.outcome is Outcome.WAITING]
    return min(waiting, key=lambda award: award.place, default=None)


def asked(queue: Sequence[Award]) -> Award | None:
    """Return who is asked now; at most one."""
    return next((award for award in queue if award.outcome is Outcome.ASKED), None)


def over(award: Award, now: datetime) -> bool:
    """Tell whether the time to answer has passed."""
    return award.answer_by_at is not None and now >= award.answer_by_at


def check_answer(queue: Sequence[Award], party_id: PartyId, *, now: datetime) -> Award:
    """Return the place that a party answers for.

    Raises:
        NotOnStandby: It has none.
        StandbyNotAsked: It is not asked now, or answered before.
        StandbyAnswerLate: Says until when it could have answered.

    Source: README, AU83, AU84.
    """
    own = next((award for award in queue if award.party_id == party_id), None)
    if own is None:
        raise NotOnStandby("Only who stands by is asked.")
    late = {"answer_by_at": own.answer_by_at}
    if own.outcome is Outcome.SILENT:
        raise StandbyAnswerLate("Silence has declined.", **late)
    if own.outcome is not Outcome.ASKED:
        raise StandbyNotAsked("Wait until you are asked.", outcome=str(own.outcome))
    if over(own, now):
        raise StandbyAnswerLate("Silence has declined.", **late)
    return own
