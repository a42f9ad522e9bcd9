"""Register buyers, qualify them, take their deposits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.listings.domain.achievement import require_reason
from app.listings.domain.agreement import refuse_in_agreement
from app.listings.domain.consortium import check_members
from app.listings.domain.listing import Listing, PricingMode
from app.listings.domain.registration import (
    REGISTRATION_TRANSITIONS,
    AlreadyRegistered,
    DefaulterExcluded,
    Registration,
    RegistrationStatus,
    RegistrationTrigger,
    check_registration,
    check_stepping_back,
)
from app.listings.domain.relation import Relation
from app.listings.repository import registrations as repository
from app.listings.service.deposit_states import owe
from app.listings.service.fielding import proceed, single_buyer
from app.listings.service.lapsing import step_back
from app.listings.service.publishing import read_listing, require_listing
from app.listings.service.relating import check_buyer, flag_registration, relation_on_record
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.clock import market_now
from app.platform.journal import NewEvent
from app.shared.calendar import mainland_china, period_end
from app.shared.ids import ListingId, PartyId, RegistrationId, new_id
from app.shared.transitions import advance


async def register_buyer(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    accepted_terms_hash: str,
    relation: Relation,
    now: datetime,
    members: Sequence[PartyId] = (),
) -> Registration:
    """Register the actor's party for a listing, recording which terms it accepted.

    It leads the ``members`` of a joint purchase, each checked as it is itself. After a notice that
    states the terms anew, a registered party accepts those in the same way: its registration keeps
    qualification, deposit and members.

    Raises:
        PartyNotVerified: The exchange has not verified the buyer.
        AgreementHasItsBuyer: The listing is sold by agreement.
        RegistrationClosed, SellerMayNotRegister, TermsNotAccepted: See the rule.
        StaffMayNotRegister, RelatedPartyNotDisclosed, RelationUntrue: See `check_buyer`.
        JointPurchaseNotAnnounced, MemberTaken: See the rule.
        DefaulterExcluded: It bought this achievement before and defaulted.
        AlreadyRegistered: Once per party; it has accepted these terms, or its registration ended.
    """
    listing, notice = await read_listing(session, actor, listing_id)
    if listing.pricing_mode is PricingMode.POSTED or listing.joint_purchase:
        # A field is judged under this lock: an application in time is in it or refused. And of
        # two consortia with one member the second sees the first.
        await require_listing(session, listing_id, lock=True)
        listing, notice = await read_listing(session, actor, listing_id)
        now = await market_now(session, listing.market_id)
    refuse_in_agreement(listing)
    buyer = await require_verified(session, actor.party_id)
    check_registration(
        listing=listing,
        notice=notice,
        party_id=buyer.id,
        terms_hash=accepted_terms_hash,
        now=now,
    )
    await check_buyer(session, listing, buyer, relation)
    if await repository.has_defaulted(session, listing.achievement_id, buyer.id):
        raise DefaulterExcluded("The re-run is without the buyer in default.")
    await _check_members(session, listing, buyer.id, members)
    return await apply(
        session, actor, listing, accepted_terms_hash, relation, now=now, members=members
    )


async def _check_members(
    session: AsyncSession, listing: Listing, lead: PartyId, members: Sequence[PartyId]
) -> None:
    if not listing.joint_purchase:
        check_members(listing, lead, members, taking_part=())
        return
    known = await repository.find_contenders(session, listing.id, qualified_only=False)
    own = await repository.find_of_party(session, listing.id, lead)
    others = {party for party, id_ in known.items() if own is None or id_ != own.id}
    check_members(listing, lead, members, taking_part=others)
    for member in members:
        party = await require_verified(session, member)
        if party.market_id != listing.market_id:
            raise ObjectUnknown("There is no such party in your market.", field="members")
        relation = await relation_on_record(session, listing.achievement_id, member)
        await check_buyer(session, listing, party, relation)
        if await repository.has_defaulted(session, listing.achievement_id, member):
            raise DefaulterExcluded("The re-run is without the buyer in default.", field="members")


async def apply(
    session: AsyncSession,
    actor: Actor,
    listing: Listing,
    accepted_terms_hash: str,
    relation: Relation,
    *,
    now: datetime,
    members: Sequence[PartyId] = (),
) -> Registration:
    """Store the actor's application, or that it accepts terms published anew.

    The caller has checked whether its party may.

    Raises:
        AlreadyRegistered: Once per party; it has accepted these terms, or its registration ended.

    Invariants: LS8, LS71.
    """
    registration = Registration(
        id=RegistrationId(new_id()),
        listing_id=listing.id,
        market_id=listing.market_id,
        party_id=actor.party_id,
        status=RegistrationStatus.APPLIED,
        bidder_code=None,
        accepted_terms_hash=accepted_terms_hash,
        accepted_by=actor.ref,
        registered_at=now,
        accepted_at=now,
        relation=relation,
        members=tuple(members),
    )
    what = "applied"
    if not await repository.insert_once(session, registration):
        (known,) = await repository.lock_of_parties(session, listing.id, [actor.party_id])
        registration = _accept_anew(known, registration)
        await repository.save_acceptance(session, registration)
        what = "accepted_anew"
    accepted = {
        "listing_id": listing.id,
        "accepted_terms_hash": accepted_terms_hash,
        "relation": relation,
        "members": registration.members,
    }
    await journal_registration(session, registration, what, actor, now, accepted)
    return registration


def _accept_anew(known: Registration, new: Registration) -> Registration:
    lapsed = known.status is RegistrationStatus.LAPSED
    ended = known.status in {RegistrationStatus.REFUSED, RegistrationStatus.WITHDRAWN}
    same = known.accepted_terms_hash == new.accepted_terms_hash
    same = not lapsed and (same or new.members not in {(), known.members})
    # A deposit that went back is not held again, so its registration does not come back.
    if ended or same or (lapsed and known.deposit_entry_id is not None):
        raise AlreadyRegistered(
            "A party registers once.", listing_id=known.listing_id, state=str(known.status)
        )
    return replace(
        known,
        status=advance(
            REGISTRATION_TRANSITIONS, state=known.status, trigger=RegistrationTrigger.ACCEPT
        ),
        relation=new.relation,
        members=new.members if lapsed else known.members,
        accepted_terms_hash=new.accepted_terms_hash,
        accepted_by=new.accepted_by,
        accepted_at=new.accepted_at,
        decided_at=None if lapsed else known.decided_at,
        deposit_due_at=None if lapsed else known.deposit_due_at,
    )


async def qualify_registration(
    session: AsyncSession,
    actor: Actor,
    registration_id: RegistrationId,
    *,
    qualified: bool,
    reason: str | None,
    now: datetime,
) -> Registration:
    """Decide whether a registered buyer qualifies.

    Raises:
        TransitionRefused: It was decided before.
        ReasonMissing: Refused without a reason.
    """
    seen = await require_registration(session, registration_id)
    # The listing first, always: its lock also lets the second of two that qualify see the first.
    listing = await require_listing(session, seen.listing_id, lock=True)
    registration = await require_registration(session, registration_id, lock=True)
    trigger = RegistrationTrigger.QUALIFY if qualified else RegistrationTrigger.REFUSE
    status = advance(REGISTRATION_TRANSITIONS, state=registration.status, trigger=trigger)
    require_reason(favourable=qualified, reason=reason)
    due_at = _deposit_due(listing, now) if qualified else None
    decided = replace(
        registration, status=status, decided_at=now, deposit_due_at=due_at, reason=reason
    )
    await repository.save_decision(session, decided)
    if qualified:
        await owe(session, listing, decided)
    told = {"reason": reason, "deposit_due_at": due_at}
    await journal_registration(session, decided, str(status), actor, now, told)
    if qualified:
        await flag_registration(session, actor, decided, now=now)
    await proceed(session, listing, at=now)
    return decided


def _deposit_due(listing: Listing, now: datetime) -> datetime | None:
    """Return when a deposit is due where no auction's opening says it."""
    if listing.opens_at is not None or listing.policy is None:
        return None
    return period_end(start=now, duration=listing.policy.deposit_due, calendar=mainland_china())


async def withdraw_registration(
    session: AsyncSession, actor: Actor, registration_id: RegistrationId, *, now: datetime
) -> Registration:
    """Let a buyer step back: freely before it has paid, at the price of its deposit after.

    Raises:
        TransitionRefused: Its registration has ended.
        RegistrationBound: It has named its price, the bidding has begun, or the listing is over.

    Source: rules.md D3; README, LS72.
    """
    seen = await require_registration(session, registration_id)
    listing = await require_listing(session, seen.listing_id, lock=True)
    registration = await require_registration(session, registration_id, lock=True)
    field, _ = await single_buyer(session, listing)
    offered = (
        field is not None and field.price is not None and field.registration_id == registration.id
    )
    check_stepping_back(listing, offered=offered, now=now)
    withdrawn = await step_back(session, listing, registration, at=now, actor=actor)
    await proceed(session, listing, at=now)
    return withdrawn


async def require_registration(
    session: AsyncSession, registration_id: RegistrationId, *, lock: bool = False
) -> Registration:
    """Return a registration, under its row lock if asked.

    Raises:
        ObjectUnknown: There is none.
    """
    registration = await repository.find(session, registration_id, lock=lock)
    if registration is None:
        raise ObjectUnknown("There is no such registration.")
    return registration


async def list_registrations(
    session: AsyncSession, listing_id: ListingId, *, before: RegistrationId | None, limit: int
) -> Sequence[Registration]:
    """Return a listing's registrations, newest first; for operators and auditors only."""
    return await repository.find_page(session, listing_id, before=before, limit=limit)


async def journal_registration(
    session: AsyncSession,
    registration: Registration,
    what: str,
    actor: Actor | str,
    now: datetime,
    restricted: dict[str, Any],
) -> None:
    """Journal what happened to a registration for its buyer; nothing of it is public (LS9)."""
    event = NewEvent(
        market_id=registration.market_id,
        subject="registration",
        subject_id=registration.id,
        type=f"registration.{what}",
        market_at=now,
        actor=actor if isinstance(actor, str) else actor.ref,
        restricted=restricted,
        audience=frozenset({registration.party_id}),
    )
    await journal.append(session, event)
