"""Judge the field of a posted listing and do what follows; always under the listing's lock.

Asked when the disclosure is over, after each decision, deposit and withdrawal, and by a timer
when time alone may have changed the answer. Asking again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.listings.domain.field import (
    Contest,
    Empty,
    Entrant,
    Field,
    Outcome,
    Single,
    Wait,
    entrants_of,
    judge,
    lapses,
)
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingStatus,
    ListingTrigger,
    PricingMode,
)
from app.listings.domain.notice import NoticeKind, write_terms
from app.listings.domain.period import extended_end
from app.listings.domain.plan import require_opening_known, silent_forfeits
from app.listings.domain.priority import Decision, RightsWait, ahead_of, resolve
from app.listings.domain.registration import Registration, RegistrationStatus
from app.listings.repository import registrations, rights
from app.listings.service import concluding, posting
from app.listings.service.awarding import award, require_known_days
from app.listings.service.drafting import achievement_of
from app.listings.service.lapsing import lapse
from app.listings.service.noticing import listing_event, publish_terms
from app.listings.service.publishing import require_listing, schedule_close
from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.clock import market_now
from app.platform.journal import NewEvent
from app.shared.calendar import CalendarHorizonExceeded, mainland_china, period_end
from app.shared.ids import ListingId
from app.shared.transitions import advance


async def on_due(session: AsyncSession, listing_id: UUID, due_at: datetime) -> None:
    """Judge a field whose time is over (a timer)."""
    listing = await require_listing(session, ListingId(listing_id), lock=True)
    await _proceed(session, listing, at=due_at)


async def proceed(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Judge the field behind an act of a buyer or of staff, who hold nothing else up by it.

    Where the working days that follow are not known the act stands, and the field's timer waits
    for them: who was refused a booking in time would lose its place in the field.
    """
    try:
        async with session.begin_nested():
            await _proceed(session, listing, at=at)
    except CalendarHorizonExceeded:
        await posting.wake(session, listing, at)


async def _proceed(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Bring a posted listing whose disclosure is over as far as it can go at ``at``.

    The caller holds the listing's lock; a listing that is not waiting for its field is left alone.

    Invariants: LS75, LS76, LS79.
    """
    posted = listing.pricing_mode is PricingMode.POSTED and listing.auction_id is None
    if not posted or listing.status is not ListingStatus.CLOSED or listing.reopened_at is not None:
        return
    field = await rights.find_field(session, listing.id)
    if field is not None and field.outcome is Outcome.CONTEST:
        return
    entrants = await _entrants(session, listing, at)
    if field is not None:
        buyer = _buyer_of(field, entrants)
        if buyer is not None:
            await _go_on(session, listing, field, buyer, entrants, at=at)
            return
        await rights.drop_field(session, listing.id)
    await _judge(session, listing, entrants, at=at)


async def _entrants(session: AsyncSession, listing: Listing, at: datetime) -> Sequence[Entrant]:
    """Return who is in the field; who is not any more lapses on the way."""
    assert listing.terms_hash is not None
    assert listing.disclosure_ends_at is not None
    known = entrants_of(
        await registrations.of_listing(session, listing.id),
        terms_hash=listing.terms_hash,
        disclosure_ends_at=listing.disclosure_ends_at,
        calendar=mainland_china(),
    )
    over = [(it, ground) for it in known if (ground := lapses(it, now=at)) is not None]
    await lapse(session, listing, [(it.registration, ground) for it, ground in over], at=at)
    gone = {it.registration.id for it, _ in over}
    return [it for it in known if it.registration.id not in gone]


def _buyer_of(field: Field, entrants: Sequence[Entrant]) -> Registration | None:
    for entrant in entrants:
        if entrant.registration.id == field.registration_id:
            return entrant.registration
    return None


async def _judge(
    session: AsyncSession, listing: Listing, entrants: Sequence[Entrant], *, at: datetime
) -> None:
    match judge(entrants, now=at):
        case Wait(until):
            if until is not None:
                await posting.wake(session, listing, until)
        case Empty():
            await _empty(session, listing, at=at)
        case Single(registration):
            await _invite(session, listing, registration, at=at)
        case Contest():
            await _contest(session, listing, at=at)


async def _empty(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Extend a listing without a buyer as often as announced, else let it end by itself (L3)."""
    if listing.extensions_done >= listing.extensions:
        await concluding.fail(session, listing.id, at=at)
        return
    assert listing.policy is not None
    # A period that is announced late begins late: nobody could read of it before.
    now = max(at, await market_now(session, listing.market_id))
    calendar = mainland_china()
    place = listing.extensions_done
    floor = listing.reductions[place] if place < len(listing.reductions) else listing.floor
    extended = replace(
        listing,
        status=advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.EXTEND),
        extensions_done=place + 1,
        floor=floor,
        disclosure_ends_at=extended_end(now=now, policy=listing.policy, calendar=calendar),
    )
    more = await posting.prepare(session, extended)
    content = write_terms(
        extended,
        await achievement_of(session, listing),
        kind=NoticeKind.EXTENSION,
        seller_name=(await get_party(session, listing.seller_id)).name,
        calendar_version=calendar.version,
        more={**more, "extended_at": now},
    )
    published = await publish_terms(
        session, extended, NoticeKind.EXTENSION, content, what="extended", at=now, actor=SYSTEM
    )
    await schedule_close(session, published)


async def _invite(
    session: AsyncSession, listing: Listing, registration: Registration, *, at: datetime
) -> None:
    """Ask the single buyer for its price (L8)."""
    assert listing.policy is not None
    due_at = period_end(start=at, duration=listing.policy.signing, calendar=mainland_china())
    # Silence may cost a deposit: nobody is asked for a price that could not become a deal.
    require_known_days(listing, due_at)
    field = Field(
        listing_id=listing.id,
        outcome=Outcome.SINGLE,
        judged_at=at,
        registration_id=registration.id,
        offer_due_at=due_at,
    )
    await rights.save_field(session, field)
    await posting.wake(session, listing, due_at)
    told = {"listing_id": listing.id, "floor": listing.floor, "offer_due_at": due_at}
    event = NewEvent(
        market_id=listing.market_id,
        subject="registration",
        subject_id=registration.id,
        type="registration.price_asked",
        market_at=at,
        actor=SYSTEM,
        # How many buyers there are stays secret (LS9).
        restricted=told,
        audience=frozenset({registration.party_id}),
    )
    await journal.append(session, event)


async def _contest(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Call for the announced bidding; `auctions` hears of it and opens one (L8).

    Raises:
        CalendarHorizonExceeded: Its opening would leave the known working days: this field waits
            then, instead of its auction holding up those of all others.
    """
    assert listing.bidding is not None
    now = max(at, await market_now(session, listing.market_id))
    require_opening_known(listing.bidding, at=now, calendar=mainland_china())
    await rights.save_field(
        session, Field(listing_id=listing.id, outcome=Outcome.CONTEST, judged_at=at)
    )
    event = listing_event(listing, "bidding_due", SYSTEM, at)
    told = {**event.public, "floor": listing.floor, "plan": listing.bidding}
    await journal.append(session, replace(event, public=told))


async def _go_on(
    session: AsyncSession,
    listing: Listing,
    field: Field,
    buyer: Registration,
    entrants: Sequence[Entrant],
    *,
    at: datetime,
) -> None:
    """Take a single buyer's silence, or see whether its price can become a deal."""
    if field.price is None:
        assert field.offer_due_at is not None
        if at >= field.offer_due_at:
            assert listing.bidding is not None
            await concluding.fail(
                session, listing.id, at=at, silent_forfeits=silent_forfeits(listing.bidding)
            )
        else:
            # Who invited it could not set the timer that a worker had in hand: this one does.
            await posting.wake(session, listing, field.offer_due_at)
        return
    ahead = ahead_of(await rights.holders(session, listing.id), buyer.party_id)
    assert field.exercise_due_at is not None
    answer = resolve(buyer, ahead, entrants, exercise_due_at=field.exercise_due_at, now=at)
    if isinstance(answer, RightsWait):
        if answer.until is not None:
            await posting.wake(session, listing, answer.until)
        return
    await _record_decisions(session, listing, at=at, winner=answer.registration)
    await award(session, listing, answer.registration, field.price, at=at, actor=SYSTEM)


async def _record_decisions(
    session: AsyncSession, listing: Listing, *, at: datetime, winner: Registration
) -> None:
    """Keep of every holder what it made of its right: no deal without that (LS79)."""
    for holder in await rights.holders(session, listing.id):
        if holder.decision is not None:
            continue
        buys = holder.party_id == winner.party_id
        decided = replace(
            holder,
            decision=Decision.EXERCISED if buys else Decision.SILENT,
            decided_at=at,
            registration_id=winner.id if buys else None,
        )
        await rights.save_holder(session, decided)
        event = NewEvent(
            market_id=listing.market_id,
            subject="listing",
            subject_id=listing.id,
            type="listing.right_exercised" if buys else "listing.right_lapsed",
            market_at=at,
            actor=SYSTEM,
            restricted={"party_id": holder.party_id, "rank": holder.rank},
            audience=frozenset({holder.party_id}),
        )
        await journal.append(session, event)


async def single_buyer(
    session: AsyncSession, listing: Listing
) -> tuple[Field | None, Registration | None]:
    """Return a listing's field and the single buyer that it waits for."""
    field = await rights.find_field(session, listing.id)
    if field is None or field.registration_id is None:
        return field, None
    found = await registrations.find(session, field.registration_id)
    paid = found is not None and found.status is RegistrationStatus.DEPOSITED
    return field, found if paid else None
