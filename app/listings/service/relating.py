"""Whom a buyer is near to: the seller, its completers, the other buyers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import (
    CONTROL,
    Ground,
    Party,
    PartyKind,
    common_grounds,
    get_parties,
    get_party,
    has_exchange_staff,
    persons_behind,
    plain_name,
    shared_control,
)
from app.listings.domain.listing import Listing
from app.listings.domain.registration import Registration
from app.listings.domain.relation import (
    Found,
    Relation,
    check_relation,
    find_relations,
    require_no_staff,
)
from app.listings.repository import achievements, registrations
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent
from app.shared.ids import AchievementId, ListingId, PartyId, RegistrationId


@dataclass(frozen=True, slots=True)
class SharedControl:
    """Two buyers of a listing that share something, the earlier registration first."""

    party_ids: tuple[PartyId, PartyId]
    registration_ids: tuple[RegistrationId, RegistrationId]
    grounds: tuple[Ground, ...]


async def check_buyer(
    session: AsyncSession, listing: Listing, buyer: Party, declared: Relation
) -> None:
    """Refuse a buyer that watches the market or stands too near the seller.

    Raises:
        StaffMayNotRegister, RelatedPartyNotDisclosed, RelationUntrue: See the rules.
    """
    require_no_staff(has_staff=await has_exchange_staff(session, buyer.id))
    found = await _on_record(session, listing.achievement_id, buyer)
    check_relation(declared, found, disclosed=listing.related_buyers)


async def relation_on_record(
    session: AsyncSession, achievement_id: AchievementId, buyer_id: PartyId
) -> Relation:
    """Return what the records tell a buyer to be to a result and its owner; the nearest of two."""
    found = await _on_record(session, achievement_id, await get_party(session, buyer_id))
    return min(found, default=Relation.NONE)  # a completer comes before who is related


async def _on_record(session: AsyncSession, achievement_id: AchievementId, buyer: Party) -> Found:
    achievement = await achievements.find(session, achievement_id)
    if achievement is None:
        return {}
    seller = await get_party(session, achievement.party_id)
    return find_relations(
        shared_with_seller=[
            ground for ground in common_grounds(buyer, seller) if ground in CONTROL
        ],
        buyer=plain_name(buyer.name) if buyer.kind is PartyKind.PERSON else None,
        behind_buyer=persons_behind(buyer),
        completers={plain_name(completer.name) for completer in achievement.content.completers},
    )


async def flag_registration(
    session: AsyncSession, actor: Actor, registration: Registration, *, now: datetime
) -> None:
    """Tell the market's staff, and nobody else, of other buyers that share something with this.

    Call it under the listing's lock: of two that qualify at once the second sees the first.

    Invariant: LS19.
    """
    seen = await list_flags(session, registration.listing_id, qualified_only=True)
    others = [
        {"party_ids": flag.party_ids, "grounds": flag.grounds}
        for flag in seen
        if registration.party_id in flag.party_ids
    ]
    if not others:
        return
    event = NewEvent(
        market_id=registration.market_id,
        subject="registration",
        subject_id=registration.id,
        type="registration.flagged",
        market_at=now,
        actor=actor.ref,
        restricted={"listing_id": registration.listing_id, "shared_control": others},
    )
    await journal.append(session, event)


async def list_flags(
    session: AsyncSession, listing_id: ListingId, *, qualified_only: bool = False
) -> Sequence[SharedControl]:
    """Return each pair of a listing's buyers that share something; for its staff only.

    Args:
        qualified_only: Leave out those whose qualification is not decided.
    """
    contenders = await registrations.find_contenders(
        session, listing_id, qualified_only=qualified_only
    )
    by_id = {party.id: party for party in await get_parties(session, contenders)}
    return [
        SharedControl(
            flag.party_ids,
            (contenders[flag.party_ids[0]], contenders[flag.party_ids[1]]),
            flag.grounds,
        )
        for flag in shared_control([by_id[party_id] for party_id in contenders])
        # A joint purchase is one buyer.
        if contenders[flag.party_ids[0]] != contenders[flag.party_ids[1]]
    ]
