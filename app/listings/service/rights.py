"""The single buyer's price, and those whose priority right 优先购买权 goes before it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.listings.domain.field import Field, check_offer, check_price
from app.listings.domain.listing import Listing, ListingStatus
from app.listings.domain.plan import priority_mode
from app.listings.domain.priority import (
    EXERCISE,
    Basis,
    Decision,
    RightDecided,
    RightHolder,
    RightNotDue,
    RightsStatement,
    ahead_of,
    check_open,
    check_record,
)
from app.listings.domain.registration import DefaulterExcluded, TermsNotAccepted
from app.listings.domain.relation import Relation
from app.listings.repository import registrations
from app.listings.repository import rights as repository
from app.listings.service.fielding import proceed, single_buyer
from app.listings.service.posting import wake
from app.listings.service.publishing import require_listing
from app.listings.service.registering import apply
from app.listings.service.relating import check_buyer
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.calendar import mainland_china, period_end
from app.shared.ids import FileId, ListingId, PartyId
from app.shared.money import Money
from app.shared.transitions import TransitionRefused


async def offer_price(
    session: AsyncSession, actor: Actor, listing_id: ListingId, price: Money, *, now: datetime
) -> Field:
    """Take the single buyer's price; it is bound by it (L8).

    Without a priority right before it the sale is confirmed at once; else the holders are told
    the price and have three working days.

    Raises:
        OfferNotInvited, OfferBelowFloor: See the rules.

    Source: rules.md L8, L10; README, LS77.
    """
    listing = await require_listing(session, listing_id, lock=True)
    field, buyer = await single_buyer(session, listing)
    mine = buyer is not None and buyer.party_id == actor.party_id
    asked = listing.status is ListingStatus.CLOSED and mine
    invited = check_offer(field, buyer if asked else None, now=now)
    assert buyer is not None
    check_price(price, floor=listing.floor)
    holders = ahead_of(await repository.holders(session, listing.id), buyer.party_id)
    due_at = period_end(start=now, duration=EXERCISE, calendar=mainland_china())
    offered = replace(
        invited,
        price=price,
        offered_at=now,
        offered_by=actor.ref,
        exercise_due_at=due_at if holders else now,
    )
    await repository.save_field(session, offered)
    told = {"listing_id": listing.id, "price": price}
    event = NewEvent(
        market_id=listing.market_id,
        subject="registration",
        subject_id=buyer.id,
        type="registration.price_offered",
        market_at=now,
        actor=actor.ref,
        restricted=told,
        audience=frozenset({buyer.party_id}),
    )
    await journal.append(session, event)
    if holders:
        await wake(session, listing, due_at)
        for holder in holders:
            facts = {"price": price, "exercise_due_at": due_at, **_told(holder)}
            await _journal(session, listing, holder, "right_due", actor, now, facts)
    await proceed(session, listing, at=now)
    return offered


async def read_offer(session: AsyncSession, actor: Actor, listing_id: ListingId) -> Field:
    """Return what the exchange waits for from the single buyer, or what it offered.

    The market's staff read it, the buyer, and once there is a price those whose right goes
    before it.

    Raises:
        ObjectUnknown: Nobody is asked, or it is not the actor's business.
    """
    listing = await require_listing(session, listing_id)
    field, buyer = await single_buyer(session, listing)
    if field is None or buyer is None:
        raise ObjectUnknown("No price is asked of anybody.")
    readers = {buyer.party_id}
    if field.price is not None:
        holders = ahead_of(await repository.holders(session, listing.id), buyer.party_id)
        readers |= {holder.party_id for holder in holders}
    if actor.viewer.staff_of != listing.market_id and actor.party_id not in readers:
        raise ObjectUnknown("No price is asked of you.")
    return field


async def record_holder(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    party_id: PartyId,
    basis: Basis,
    rank: int,
    now: datetime,
) -> RightHolder:
    """Record that a party holds a priority right; it is notified of the listing now.

    Recording it again corrects rank and basis until it has decided.

    Raises:
        ObjectUnknown: No such party in the market.
        PartyNotVerified: The exchange has not verified it.
        RightNotRecordable: See the rule.
        RightDecided: It has waived its right.

    Source: rules.md §2, priority rights; README, LS78.
    """
    listing = await require_listing(session, listing_id, lock=True)
    party = await require_verified(session, party_id)
    if party.market_id != listing.market_id:
        raise ObjectUnknown("There is no such party in your market.", field="party_id")
    check_record(listing, party_id, priority_mode=priority_mode(listing.bidding))
    known = await _find(session, listing, party_id)
    if known is not None and known.decision is not None:
        raise RightDecided("It was decided before.", decision=str(known.decision))
    holder = RightHolder(
        listing_id=listing.id, party_id=party_id, rank=rank, basis=basis, notified_at=now
    )
    await repository.save_holder(session, holder)
    await _journal(session, listing, holder, "right_notified", actor, now, _told(holder))
    return holder


async def record_statement(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    reference: str,
    signed_on: date,
    file_id: FileId | None,
    now: datetime,
) -> RightsStatement:
    """File the document by which the completers waive their right, or that there is none.

    Raises:
        TransitionRefused: The notice is published; it told what was on file.

    Source: 民法典 847; README, LS78.
    """
    listing = await require_listing(session, listing_id, lock=True)
    if listing.status is not ListingStatus.DRAFT:
        raise TransitionRefused(
            "The notice has told what was on file.",
            state=str(listing.status),
            trigger="record_statement",
            possible=[],
        )
    statement = RightsStatement(
        listing_id=listing.id,
        reference=reference,
        signed_on=signed_on,
        file_id=file_id,
        recorded_at=now,
        recorded_by=actor.ref,
    )
    await repository.save_statement(session, statement)
    event = NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type="listing.rights_stated",
        market_at=now,
        actor=actor.ref,
        restricted={"reference": reference, "signed_on": signed_on, "file_id": file_id},
        audience=frozenset({listing.seller_id}),
    )
    await journal.append(session, event)
    return statement


async def waive(
    session: AsyncSession, actor: Actor, listing_id: ListingId, *, now: datetime
) -> RightHolder:
    """Take a holder's declaration that it does not use its right; it cannot be taken back.

    Raises:
        RightUnknown, RightDecided: See the rules.

    Source: rules.md §2: a waiver or exercise record per holder; README, LS79.
    """
    listing = await require_listing(session, listing_id, lock=True)
    holder = check_open(await _find(session, listing, actor.party_id), listing)
    waived = replace(holder, decision=Decision.WAIVED, decided_at=now)
    await repository.save_holder(session, waived)
    await _journal(session, listing, waived, "right_waived", actor, now, _told(waived))
    await proceed(session, listing, at=now)
    return waived


async def exercise(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    accepted_terms_hash: str,
    relation: Relation,
    now: datetime,
) -> RightHolder:
    """Let a holder take the offered price under the same conditions 同等条件.

    It registers with that, is qualified and pays the deposit as every buyer; then it buys.

    Raises:
        RightUnknown, RightDecided: See the rules.
        RightNotDue: No price was offered, or a buyer of a better rank offered it.
        TermsNotAccepted: Names the hash of the notice that holds.
        PartyNotVerified, DefaulterExcluded: As in a registration.
        StaffMayNotRegister, RelatedPartyNotDisclosed, RelationUntrue: See `check_buyer`.
        AlreadyRegistered: Its registration for this listing was refused or withdrawn.

    Source: 民法典 847, 859, 860; README, LS79.
    """
    listing = await require_listing(session, listing_id, lock=True)
    holder = check_open(await _find(session, listing, actor.party_id), listing)
    field, buyer = await single_buyer(session, listing)
    _require_due(holder, field, buyer.party_id if buyer else None, now)
    if accepted_terms_hash != listing.terms_hash:
        raise TermsNotAccepted(
            "Read the notice and send its content hash.",
            field="accepted_terms_hash",
            accepted=listing.terms_hash,
            notice=listing.terms_number,
        )
    party = await require_verified(session, actor.party_id)
    # The notice told that such a right exists, so no relation stands in its way; it must be true.
    disclosing_all = replace(listing, related_buyers=tuple(Relation))
    await check_buyer(session, disclosing_all, party, relation)
    if await registrations.has_defaulted(session, listing.achievement_id, party.id):
        raise DefaulterExcluded("The re-run is without the buyer in default.")
    applied = await apply(session, actor, listing, accepted_terms_hash, relation, now=now)
    exercised = replace(
        holder, decision=Decision.EXERCISED, decided_at=now, registration_id=applied.id
    )
    await repository.save_holder(session, exercised)
    await _journal(session, listing, exercised, "right_exercised", actor, now, _told(exercised))
    await proceed(session, listing, at=now)
    return exercised


def _require_due(
    holder: RightHolder, field: Field | None, buyer: PartyId | None, now: datetime
) -> None:
    due = field is not None and field.price is not None and buyer not in {None, holder.party_id}
    if not due:
        raise RightNotDue("Wait for a price, or register as a buyer.")
    assert field is not None
    assert field.exercise_due_at is not None
    if now >= field.exercise_due_at:
        raise RightDecided("The time is over.", exercise_due_at=field.exercise_due_at)


async def list_holders(
    session: AsyncSession, actor: Actor, listing_id: ListingId
) -> Sequence[RightHolder]:
    """Return a listing's holders, best rank first: the staff all, others themselves."""
    listing = await require_listing(session, listing_id)
    found = await repository.holders(session, listing.id)
    if actor.viewer.staff_of == listing.market_id:
        return found
    return [holder for holder in found if holder.party_id == actor.party_id]


async def _find(session: AsyncSession, listing: Listing, party_id: PartyId) -> RightHolder | None:
    known = await repository.holders(session, listing.id)
    return next((holder for holder in known if holder.party_id == party_id), None)


def _told(holder: RightHolder) -> Mapping[str, Any]:
    return {
        "party_id": holder.party_id,
        "rank": holder.rank,
        "basis": holder.basis,
        "notified_at": holder.notified_at,
        "decision": holder.decision,
    }


async def _journal(
    session: AsyncSession,
    listing: Listing,
    holder: RightHolder,
    what: str,
    actor: Actor,
    now: datetime,
    restricted: Mapping[str, Any],
) -> None:
    event = NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type=f"listing.{what}",
        market_at=now,
        actor=actor.ref,
        restricted=restricted,
        audience=frozenset({holder.party_id}),
    )
    await journal.append(session, event)
