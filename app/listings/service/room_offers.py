"""Offers, counter-offers and their answers; an acceptance drafts the agreement."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.offers import (
    OfferStatus,
    OfferTerms,
    RoomOffer,
    check_answer,
    check_offer_hash,
    check_offer_terms,
    check_withdrawal,
    countered_by,
    offer_hash,
)
from app.listings.domain.room import ROOM_TRANSITIONS, Room, RoomTrigger
from app.listings.repository import achievements
from app.listings.repository import rooms as repository
from app.listings.service.agreeing import draft_agreement
from app.listings.service.room_talks import talking
from app.listings.service.rooms import fresh_salt, tell
from app.platform.access import Actor
from app.platform.clock import market_now
from app.shared.ids import RoomId
from app.shared.transitions import advance


async def make_offer(
    session: AsyncSession, actor: Actor, room_id: RoomId, terms: OfferTerms, *, seen: int
) -> RoomOffer:
    """Make an offer, or counter the other side's that waits.

    Args:
        seen: Number of the latest offer that the caller has seen, 0 for none.

    Raises:
        ObjectUnknown, TransitionRefused: See `talking`.
        OfferOutdated, OfferWaits, RoomOfferInvalid: See the rules.

    Invariants: LS90, LS91.
    """
    room = await talking(session, actor, room_id)
    now = await market_now(session, room.market_id)  # under the room's lock
    latest = await repository.latest_offer(session, room_id)
    countered = countered_by(latest, party_id=actor.party_id, seen=seen, now=now)
    achievement = await achievements.find(session, room.achievement_id)
    assert achievement is not None
    check_offer_terms(terms, modes=achievement.content.conversion_modes, now=now)
    if countered is not None:
        await _answer(session, countered, OfferStatus.COUNTERED, actor, now)
    number, salt = seen + 1, fresh_salt()
    offer = RoomOffer(
        room_id=room_id,
        number=number,
        party_id=actor.party_id,
        terms=terms,
        answers=None if countered is None else countered.number,
        salt=salt,
        offer_hash=offer_hash(
            room_id=room_id, number=number, party_id=actor.party_id, terms=terms, salt=salt
        ),
        made_by=actor.ref,
        made_at=now,
    )
    await repository.insert_offer(session, offer)
    if room.first_offer_at is None:
        room = replace(room, first_offer_at=now)
        await repository.save(session, room)
    what = "offered" if countered is None else "countered"
    told = {"number": number, "offer_hash": offer.offer_hash, "answers": offer.answers}
    await tell(session, room, what, actor.ref, now, told)
    return offer


async def accept_offer(
    session: AsyncSession, actor: Actor, room_id: RoomId, *, number: int, told_hash: str
) -> Room:
    """Accept the other side's latest offer by its hash; the agreement is drafted from it.

    The offer is its maker's consent, the acceptance the other side's; both are kept with the
    hash, who and when.

    Raises:
        ObjectUnknown, TransitionRefused: See `talking`.
        OfferOutdated, OwnOffer, OfferNotWaiting, OfferDiffers: See the rules.
        What `draft_agreement` raises: then nothing is accepted.

    Invariants: LS91, LS92.
    """
    room = await talking(session, actor, room_id)
    now = await market_now(session, room.market_id)  # under the room's lock
    latest = await repository.latest_offer(session, room_id)
    offer = check_answer(latest, number=number, party_id=actor.party_id, now=now)
    check_offer_hash(offer, told_hash)
    terms = offer.terms
    listing = await draft_agreement(
        session,
        achievement_id=room.achievement_id,
        buyer_id=room.buyer_id,
        price=terms.price,
        conversion_mode=terms.conversion_mode,
        contract_terms=f"{terms.contract_terms}\n使用范围：{terms.use_scope}",
        payment_terms=terms.payment_terms,
        room_id=room.id,
        # The buyer's consent is the offer if it made it, else this acceptance.
        consented_by=offer.made_by if offer.party_id == room.buyer_id else actor.ref,
        consented_at=offer.made_at if offer.party_id == room.buyer_id else now,
        now=now,
        actor=actor,
    )
    await _answer(session, offer, OfferStatus.ACCEPTED, actor, now)
    agreed = replace(
        room,
        status=advance(ROOM_TRANSITIONS, state=room.status, trigger=RoomTrigger.AGREE),
        agreed_at=now,
        agreed_offer=number,
        listing_id=listing.id,
        ended_at=now,
    )
    await repository.save(session, agreed)
    told = {"number": number, "offer_hash": offer.offer_hash, "listing_id": listing.id}
    told |= {"offered_by": offer.made_by, "offered_at": offer.made_at}
    await tell(session, agreed, "agreed", actor.ref, now, told)
    return agreed


async def decline_offer(
    session: AsyncSession, actor: Actor, room_id: RoomId, *, number: int, reason: str | None
) -> RoomOffer:
    """Decline the other side's latest offer; the room stays open.

    Raises:
        As `accept_offer`, but for the hash.
    """
    room = await talking(session, actor, room_id)
    now = await market_now(session, room.market_id)
    latest = await repository.latest_offer(session, room_id)
    offer = check_answer(latest, number=number, party_id=actor.party_id, now=now)
    declined = await _answer(session, offer, OfferStatus.DECLINED, actor, now, reason=reason)
    await tell(session, room, "offer_declined", actor.ref, now, {"number": number})
    return declined


async def withdraw_offer(
    session: AsyncSession, actor: Actor, room_id: RoomId, *, number: int
) -> RoomOffer:
    """Take the own latest offer back while it waits.

    Raises:
        ObjectUnknown, TransitionRefused: See `talking`.
        OfferOutdated, OfferOfOtherSide, OfferNotWaiting: See the rules.

    Invariant: LS91.
    """
    room = await talking(session, actor, room_id)
    now = await market_now(session, room.market_id)
    latest = await repository.latest_offer(session, room_id)
    offer = check_withdrawal(latest, number=number, party_id=actor.party_id, now=now)
    withdrawn = await _answer(session, offer, OfferStatus.WITHDRAWN, actor, now)
    await tell(session, room, "offer_withdrawn", actor.ref, now, {"number": number})
    return withdrawn


async def _answer(
    session: AsyncSession,
    offer: RoomOffer,
    status: OfferStatus,
    actor: Actor,
    now: datetime,
    *,
    reason: str | None = None,
) -> RoomOffer:
    answered = replace(offer, status=status, answered_by=actor.ref, answered_at=now, reason=reason)
    await repository.save_answer(session, answered)
    return answered
