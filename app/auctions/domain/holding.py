"""Who holds a priority right 优先购买权 in an auction: notified in time, decided in the end."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.priority import NOTIFICATION, notified_in_time
from app.auctions.domain.reserve import before_opening
from app.auctions.domain.terms import PriorityMode
from app.shared.errors import Conflict, NotFound, RuleBroken


class Decision(StrEnum):
    """What a holder made of its right."""

    WON = "won"  # it buys
    TOOK_PART = "took_part"  # it bid or matched, and another went further
    WAIVED = "waived"  # its own declaration
    SILENT = "silent"  # not taking part is waiving


class PriorityNotInTerms(RuleBroken):
    """The published terms know no priority rights."""

    code = "priority_not_in_terms"
    title_zh = "本场公告未列明优先购买权"
    title_en = "This auction's terms have no priority rights"


class PriorityTooLate(Conflict):
    """A holder would be told too shortly before the opening."""

    code = "priority_too_late"
    title_zh = "优先购买权人须在竞价开始前三日通知"
    title_en = "Holders are notified three days before the opening"


class PriorityRightUnknown(NotFound):
    """The party was not notified as a holder in this auction."""

    code = "priority_right_unknown"
    title_zh = "您在本场没有优先购买权"
    title_en = "The party holds no priority right here"


class PriorityDecided(Conflict):
    """The right was waived or exercised, or the auction is over."""

    code = "priority_decided"
    title_zh = "优先购买权已行使、已放弃或竞价已结束"
    title_en = "The priority right is decided already"


class PriorityUndecided(Conflict):
    """Nothing shows what a holder made of its right; without that there is no deal."""

    code = "priority_undecided"
    title_zh = "尚有优先购买权人未作决定"
    title_en = "A holder of a priority right has not decided"


def check_notification(state: BiddingState, *, opens_at: datetime, now: datetime) -> None:
    """Refuse to notify a holder too late, or of rights that the terms do not know.

    Args:
        opens_at: As announced; an auction paused before its opening opens later at best.

    Raises:
        PriorityNotInTerms: The mode is ``none``.
        PriorityTooLate: Names the latest moment.

    Source: rules.md §2, priority rights; README, AU43.
    """
    if state.terms.priority_mode is PriorityMode.NONE:
        raise PriorityNotInTerms("Announce a priority mode first.", mode=PriorityMode.NONE)
    if not before_opening(state) or not notified_in_time(now, opens_at=opens_at):
        raise PriorityTooLate("Notify holders earlier.", latest=opens_at - NOTIFICATION)


_ENDED = frozenset(
    {
        AuctionStatus.AWARDED,
        AuctionStatus.FAILED,
        AuctionStatus.CONFIRMED,
        AuctionStatus.OFFERING,
        AuctionStatus.CANCELLED,
        AuctionStatus.ANNULLED,
    }
)


def check_waiver(state: BiddingState, *, waived: bool, leads: bool) -> None:
    """Refuse to waive a right twice, after the end, or while its holder leads.

    Raises:
        PriorityDecided.
    """
    if waived:
        raise PriorityDecided("It was waived before.")
    if leads:
        raise PriorityDecided("The holder's bid leads and stands.")
    if state.status in _ENDED:
        raise PriorityDecided("The auction is over.")


@dataclass(frozen=True, slots=True)
class Standing:
    """A holder as the end finds it.

    Attributes:
        waived_at: When it declared, or was found, not to exercise its right.
        silent: It was found so: it never bid.
    """

    party_id: UUID
    waived_at: datetime | None
    silent: bool


def decisions(
    holders: Iterable[Standing], *, winner: UUID, took_part: Collection[UUID]
) -> dict[UUID, Decision]:
    """Return what each holder made of its right: the record that a deal needs.

    Raises:
        PriorityUndecided: Names how many have not decided.

    Source: rules.md §2, priority rights; README, AU44.
    """
    decided: dict[UUID, Decision] = {}
    open_count = 0
    for holder in holders:
        if holder.party_id == winner:
            decided[holder.party_id] = Decision.WON
        elif holder.waived_at is not None:
            decided[holder.party_id] = Decision.SILENT if holder.silent else Decision.WAIVED
        elif holder.party_id in took_part:
            decided[holder.party_id] = Decision.TOOK_PART
        else:
            open_count += 1
    if open_count:
        raise PriorityUndecided("Wait for every holder's decision.", undecided=open_count)
    return decided
