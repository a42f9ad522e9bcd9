"""The field of a posted listing: who is left to buy when its disclosure is over, and what follows.

Everything here is asked under the listing's lock, so the answer is that of one moment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.listings.domain.registration import Registration, RegistrationStatus
from app.shared.calendar import DayUnit, Duration, WorkingCalendar, period_end
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import ListingId, RegistrationId
from app.shared.money import Money

BOOKING: Final = Duration(1, DayUnit.WORKING_DAY)
"""How long staff may take to book what the bank had in time (a default).

Deadlines are midnights: without it whoever pays in the last hours would never be in time.
"""


class Outcome(StrEnum):
    """What a field was found to be, where somebody has to act on it."""

    SINGLE = "single"
    CONTEST = "contest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A judged field, and how far its single buyer has come.

    Attributes:
        registration_id: The single buyer's; ``None`` in a contest.
        offer_due_at: Until when the single buyer names its price, exclusive.
        price, offered_at, offered_by: What it offered, when, and ``Actor.ref`` of who did.
        exercise_due_at: Until when holders of a priority right may declare to take the price.
    """

    listing_id: ListingId
    outcome: Outcome
    judged_at: datetime
    registration_id: RegistrationId | None = None
    offer_due_at: datetime | None = None
    price: Money | None = None
    offered_at: datetime | None = None
    offered_by: str | None = None
    exercise_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody still has time.

    Attributes:
        until: When time alone may change the answer; ``None`` if only an act does.
    """

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Empty:
    """Nobody is left."""


@dataclass(frozen=True, slots=True)
class Single:
    """One buyer is left; it still names a price (L8)."""

    registration: Registration


@dataclass(frozen=True, slots=True)
class Contest:
    """Several are left; the announced method decides (L8).

    Attributes:
        count: How many, at least 2.
    """

    count: int


Verdict = Wait | Empty | Single | Contest


class OfferNotInvited(Conflict):
    """The exchange waits for no price from this party."""

    code = "offer_not_invited"
    title_zh = "当前无需您单位报价"
    title_en = "No price is asked of your party now"


class OfferBelowFloor(RuleBroken):
    """The single buyer buys at the floor or above."""

    code = "offer_below_floor"
    title_zh = "报价低于挂牌底价"
    title_en = "The price lies below the floor"


def payable_until(registration: Registration, *, disclosure_ends_at: datetime) -> datetime:
    """Return when a qualified buyer's deposit must have reached the bank, exclusive.

    Never before the disclosure's end, which a suspension or a change may have moved.

    Source: rules.md L7; policy `deposit_due`; README, LS73.
    """
    due = registration.deposit_due_at
    return disclosure_ends_at if due is None else max(due, disclosure_ends_at)


def bookable_until(payable: datetime, calendar: WorkingCalendar) -> datetime:
    """Return until when staff may book a deposit that the bank had before ``payable``."""
    # A deadline is a midnight, so the day that begins with it is not counted.
    before = payable - timedelta(microseconds=1)
    return period_end(start=before, duration=BOOKING, calendar=calendar)


@dataclass(frozen=True, slots=True)
class Entrant:
    """A registration as the field sees it.

    Attributes:
        accepts: It accepted the terms that hold.
        bookable_until: Of a qualified one, when its time is over.
    """

    registration: Registration
    accepts: bool
    bookable_until: datetime | None


def entrants_of(
    registrations: Iterable[Registration],
    *,
    terms_hash: str,
    disclosure_ends_at: datetime,
    calendar: WorkingCalendar,
) -> Sequence[Entrant]:
    """Return the registrations that are not over, as the field sees them."""
    return [
        Entrant(
            registration,
            registration.accepted_terms_hash == terms_hash,
            bookable_until(
                payable_until(registration, disclosure_ends_at=disclosure_ends_at), calendar
            )
            if registration.status is RegistrationStatus.QUALIFIED
            else None,
        )
        for registration in registrations
        if registration.status in _LIVE
    ]


_LIVE: Final = frozenset(
    {RegistrationStatus.APPLIED, RegistrationStatus.QUALIFIED, RegistrationStatus.DEPOSITED}
)


def lapses(entrant: Entrant, *, now: datetime) -> str | None:
    """Return why a registration ends with the disclosure or after it, or ``None``.

    Source: rules.md L2, L7, L11; README, LS71, LS73.
    """
    if not entrant.accepts:
        return "terms_not_accepted"
    if entrant.bookable_until is not None and entrant.bookable_until <= now:
        return "deposit_not_paid"
    return None


def judge(entrants: Iterable[Entrant], *, now: datetime) -> Verdict:
    """Tell what is left of a field whose disclosure is over.

    While an application is undecided, or a qualified buyer still has time for its deposit, the
    answer is to wait; else depositors who accepted the terms that hold are counted.

    Source: rules.md L3, L7, L8; README, LS75.
    """
    left = [entrant for entrant in entrants if lapses(entrant, now=now) is None]
    paid = [it for it in left if it.registration.status is RegistrationStatus.DEPOSITED]
    waiting = [it for it in left if it.registration.status is not RegistrationStatus.DEPOSITED]
    if waiting:
        ends = [it.bookable_until for it in waiting if it.bookable_until is not None]
        return Wait(min(ends, default=None))
    if not paid:
        return Empty()
    return Single(paid[0].registration) if len(paid) == 1 else Contest(len(paid))


def check_offer(field: Field | None, registration: Registration | None, *, now: datetime) -> Field:
    """Refuse a price of who was not asked for one, was late, or has named it.

    Raises:
        OfferNotInvited: Says until when, of who was asked.

    Source: rules.md L8; README, LS77.
    """
    asked = (
        field is not None
        and registration is not None
        and field.registration_id == registration.id
        and registration.status is RegistrationStatus.DEPOSITED
    )
    if not asked:
        raise OfferNotInvited("Your party is not the single qualified buyer.")
    assert field is not None
    assert field.offer_due_at is not None
    if field.price is not None or now >= field.offer_due_at:
        raise OfferNotInvited(
            "The price was named, or the time is over.",
            offer_due_at=field.offer_due_at,
            offered_at=field.offered_at,
        )
    return field


def check_price(price: Money, *, floor: Money) -> None:
    """Refuse a price below the floor or in another currency.

    Raises:
        OfferBelowFloor: Names the floor.

    Source: rules.md L8.
    """
    if price.currency != floor.currency or price < floor:
        raise OfferBelowFloor("Offer the floor or more.", field="amount", minimum=floor)
