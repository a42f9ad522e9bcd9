"""Priority rights 优先购买权 in a posted listing: on record, told, waived, exercised or lapsed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from app.listings.domain.achievement import Achievement
from app.listings.domain.field import Entrant, lapses
from app.listings.domain.listing import Listing, ListingStatus, PricingMode
from app.listings.domain.registration import Registration, RegistrationStatus
from app.shared.calendar import DayUnit, Duration
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import FileId, ListingId, PartyId, RegistrationId

EXERCISE: Final = Duration(3, DayUnit.WORKING_DAY)
"""How long a holder has to take the price that was offered (a default: the law names no time)."""

# Licences are not covered (rules.md §2).
OUTRIGHT: Final = "transfer"


class Basis(StrEnum):
    """Where a right comes from."""

    COMPLETER = "completer"  # 民法典 847: completers of a service result
    CLIENT = "client"  # 民法典 859: who commissioned the development
    CO_DEVELOPER = "co_developer"  # 民法典 860: who developed it jointly


class Decision(StrEnum):
    """What a holder made of its right."""

    WAIVED = "waived"
    EXERCISED = "exercised"  # it takes the price; it buys if it qualifies and pays its deposit
    SILENT = "silent"  # it let the time pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RightHolder:
    """Who may take the price before the buyer.

    Attributes:
        rank: 1 is the best.
        registration_id: Of who exercised its right: it buys under the terms of everybody.
    """

    listing_id: ListingId
    party_id: PartyId
    rank: int
    basis: Basis
    notified_at: datetime
    decision: Decision | None = None
    decided_at: datetime | None = None
    registration_id: RegistrationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsStatement:
    """The document by which the completers waive their right, or that there is none.

    Attributes:
        signed_on: Day in Asia/Shanghai.
    """

    listing_id: ListingId
    reference: str
    signed_on: date
    file_id: FileId | None
    recorded_at: datetime
    recorded_by: str


class RightsUnrecorded(Conflict):
    """A service result is transferred, and nothing is on record about its completers' right."""

    code = "rights_unrecorded"
    title_zh = "尚未记录成果完成人的优先受让权情况"
    title_en = "The completers' priority right is not on record"


class RightNotRecordable(RuleBroken):
    """Such a right does not exist here, or is recorded too late."""

    code = "right_not_recordable"
    title_zh = "该优先购买权不能登记"
    title_en = "This priority right cannot be recorded"


class RightUnknown(NotFound):
    """The party holds no recorded right in this listing."""

    code = "right_unknown"
    title_zh = "您单位在本项目中没有优先购买权"
    title_en = "Your party holds no priority right here"


class RightDecided(Conflict):
    """The right was waived, exercised or has lapsed, or the listing is over."""

    code = "right_decided"
    title_zh = "优先购买权已行使、已放弃、已失效或项目已结束"
    title_en = "The priority right is decided"


class RightNotDue(Conflict):
    """There is no price yet that a holder could take."""

    code = "right_not_due"
    title_zh = "尚无可行使优先购买权的报价"
    title_en = "There is no price to take yet"


def check_record(listing: Listing, party_id: PartyId, *, priority_mode: str | None) -> None:
    """Refuse to record a right where there is none, or too late.

    Args:
        priority_mode: Of the bidding plan, if there is one; an auction must know holders, too.

    Raises:
        RightNotRecordable: With the rule, one of posted_only, transfer_only,
            before_disclosure_ends, plan_without_priority_mode, not_the_seller.

    Source: rules.md §2, priority rights; README, LS78.
    """
    recordable = {ListingStatus.DRAFT, ListingStatus.DISCLOSING, ListingStatus.SUSPENDED}
    rules = {
        "posted_only": listing.pricing_mode is PricingMode.POSTED,
        "transfer_only": listing.conversion_mode == OUTRIGHT,
        "before_disclosure_ends": listing.status in recordable,
        "plan_without_priority_mode": (
            listing.status is ListingStatus.DRAFT or priority_mode not in {None, "none"}
        ),
        "not_the_seller": party_id != listing.seller_id,
    }
    for rule, holds in rules.items():
        if not holds:
            raise RightNotRecordable("The right cannot be recorded here.", rule=rule)


def check_recorded(
    listing: Listing,
    achievement: Achievement,
    holders: Sequence[RightHolder],
    statement: RightsStatement | None,
) -> None:
    """Refuse to publish the transfer of a service result whose completers nobody has asked.

    Raises:
        RightsUnrecorded: Says what is accepted.

    Source: 民法典 847; rules.md §2; README, LS78.
    """
    service = achievement.content.service_result and listing.conversion_mode == OUTRIGHT
    known = statement is not None or any(it.basis is Basis.COMPLETER for it in holders)
    if service and not known:
        raise RightsUnrecorded(
            "Record the completers as holders, or the document that settles their right.",
            field="priority",
            accepted=["priority-holders", "priority-statement"],
        )


def check_open(holder: RightHolder | None, listing: Listing) -> RightHolder:
    """Return a holder that may still decide.

    Raises:
        RightUnknown: It holds no right here.
        RightDecided: It decided before, or the listing is over.
    """
    if holder is None:
        raise RightUnknown("Your party was not recorded as a holder.")
    if holder.decision is not None:
        raise RightDecided("It was decided before.", decision=str(holder.decision))
    if listing.status not in _UNDER_WAY or listing.auction_id is not None:
        raise RightDecided("Here it is too late.", state=str(listing.status))
    return holder


_UNDER_WAY: Final = frozenset(
    {
        ListingStatus.DRAFT,
        ListingStatus.DISCLOSING,
        ListingStatus.SUSPENDED,
        ListingStatus.CLOSED,
    }
)


def ahead_of(holders: Iterable[RightHolder], buyer: PartyId) -> Sequence[RightHolder]:
    """Return whose right goes before a buyer's, best rank first; a waived one goes before nobody.

    A buyer that holds a right itself is outranked by better ranks only.
    """
    known = [holder for holder in holders if holder.decision is not Decision.WAIVED]
    own = min((it.rank for it in known if it.party_id == buyer), default=None)
    return sorted(
        (
            holder
            for holder in known
            if holder.party_id != buyer and (own is None or holder.rank < own)
        ),
        key=lambda holder: (holder.rank, holder.decided_at is None, holder.decided_at),
    )


@dataclass(frozen=True, slots=True)
class RightsWait:
    """A holder still has time, to declare itself or to qualify and pay.

    Attributes:
        until: When time alone may change the answer; ``None`` if only an act does.
    """

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys at the offered price."""

    registration: Registration


def resolve(
    buyer: Registration,
    ahead: Sequence[RightHolder],
    entrants: Iterable[Entrant],
    *,
    exercise_due_at: datetime,
    now: datetime,
) -> RightsWait | Buyer:
    """Tell who buys at the single buyer's price: a holder that takes it, else the buyer.

    Args:
        ahead: As `ahead_of` returns them.
        entrants: The listing's registrations that are not over; holders' among them.

    Source: rules.md §2: a waiver or exercise record per holder before a deal; README, LS79.
    """
    if any(it.decision is None for it in ahead) and now < exercise_due_at:
        return RightsWait(exercise_due_at)
    live = {it.registration.id: it for it in entrants if lapses(it, now=now) is None}
    for holder in ahead:
        if holder.decision is not Decision.EXERCISED or holder.registration_id not in live:
            continue
        entrant = live[holder.registration_id]
        if entrant.registration.status is RegistrationStatus.DEPOSITED:
            return Buyer(entrant.registration)
        # Of a better rank, and still on its way: nobody behind it buys.
        return RightsWait(entrant.bookable_until)
    return Buyer(buyer)
