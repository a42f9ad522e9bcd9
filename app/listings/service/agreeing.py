"""Agreements 协议定价: the buyer's consent, what the notice tells of it, the award at its end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import Party, get_party
from app.listings.domain.agreement import (
    Consent,
    ConsentMissing,
    agreed_hash,
    check_consent,
    check_procedure,
    check_unit_notice,
    require_agreement,
    terms_from_json,
)
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingStatus,
    ListingTerms,
    ListingTrigger,
    PricingMode,
    UnitNotice,
)
from app.listings.domain.notice import NoticeStatus
from app.listings.domain.registration import (
    DefaulterExcluded,
    Registration,
    RegistrationStatus,
    RegistrationTrigger,
)
from app.listings.domain.relation import Relation
from app.listings.repository import agreements, listings, notices, registrations
from app.listings.service import relating
from app.listings.service.awarding import award
from app.listings.service.drafting import draft_listing, edited_at
from app.listings.service.lapsing import end
from app.platform import journal
from app.platform.access import SYSTEM, Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import (
    AchievementId,
    ListingId,
    PartyId,
    RegistrationId,
    RoomId,
    new_id,
)
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.transitions import advance

_CONDITIONS = "本项目经双方协商定价，受让方已确定。/ The buyer is known: the price was agreed."
_FORFEITURE = "本项目不收取保证金。/ No deposit is taken."


async def draft_agreement(
    session: AsyncSession,
    *,
    achievement_id: AchievementId,
    buyer_id: PartyId,
    price: Money,
    conversion_mode: str,
    contract_terms: str,
    payment_terms: str,
    room_id: RoomId,
    consented_by: str,
    consented_at: datetime,
    now: datetime,
    actor: Actor,
) -> Listing:
    """Draft the listing of an agreement that was found in a deal room.

    The accepted offer is both sides' consent. A relation that the records show is disclosed.

    Args:
        consented_by, consented_at: Who of the buyer offered or accepted, and when; the actor may
            be the seller's.

    Raises:
        What `draft_listing` raises.

    Source: rules.md A1, A3.
    """
    relation = await relating.relation_on_record(session, achievement_id, buyer_id)
    terms = ListingTerms(
        pricing_mode=PricingMode.AGREEMENT,
        conversion_mode=conversion_mode,
        floor=price,
        deposit=Money(0, price.currency),
        base_price=None,
        contract_terms=contract_terms,
        payment_terms=payment_terms,
        buyer_conditions=_CONDITIONS,
        forfeiture_terms=_FORFEITURE,
        session_id=None,
        related_buyers=() if relation is Relation.NONE else (relation,),
        buyer_id=buyer_id,
    )
    listing = await draft_listing(
        session, actor, achievement_id=achievement_id, terms=terms, now=now, room_id=room_id
    )
    await _keep(session, listing, buyer_id, relation, actor, now, by=consented_by, at=consented_at)
    return listing


async def consent(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    terms_hash: str,
    relation: Relation,
    now: datetime,
) -> Listing:
    """Take the consent of an agreement's buyer to its draft, or to the change that waits.

    Consent to a draft's terms is asked once; the change of a published agreement is published
    by the caller as soon as it is there.

    Raises:
        ObjectUnknown: There is no such listing for the actor.
        NotAnAgreement, NotTheBuyer, AgreedTermsDiffer: See the rules.
        TransitionRefused: The draft was withdrawn.

    Invariant: LS60.
    """
    listing = await _locked(session, listing_id)
    waiting = await waiting_terms(session, listing)
    if waiting is None and listing.published_at is None:
        # A draft that was withdrawn is not agreed to any more.
        advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.PUBLISH)
    due = agreed_hash(listing, waiting)
    assert due is not None
    buyer = listing.buyer_id if waiting is None else waiting.buyer_id
    check_consent(buyer_id=buyer, party_id=actor.party_id, told=terms_hash, due=due)
    await _keep(session, listing, actor.party_id, relation, actor, now, terms_hash=due)
    return listing


async def _locked(session: AsyncSession, listing_id: ListingId) -> Listing:
    listing = await listings.find(session, listing_id, lock=True)
    if listing is None:
        raise ObjectUnknown("There is no such listing.")
    require_agreement(listing)
    return listing


async def waiting_terms(session: AsyncSession, listing: Listing) -> ListingTerms | None:
    """Return the changed terms of a published agreement that wait for consent."""
    proposal = await agreements.find_proposal(session, listing.id)
    return None if proposal is None else terms_from_json(proposal.terms)


async def read_proposal(
    session: AsyncSession, actor: Actor, listing_id: ListingId
) -> agreements.Proposal:
    """Return a waiting change to its seller, its buyer and the market's staff.

    Raises:
        ObjectUnknown: None waits, or it is not for the actor.
    """
    listing = await listings.find(session, listing_id)
    proposal = await agreements.find_proposal(session, listing_id)
    open_states = {ListingStatus.DISCLOSING, ListingStatus.SUSPENDED}
    if listing is None or proposal is None or listing.status not in open_states:
        raise ObjectUnknown("No change waits for consent.")
    buyers = {listing.buyer_id, terms_from_json(proposal.terms).buyer_id}
    viewer = actor.viewer
    if viewer.staff_of != listing.market_id and viewer.party_id not in {listing.seller_id} | buyers:
        raise ObjectUnknown("No change waits for your consent.")
    return proposal


async def _keep(
    session: AsyncSession,
    listing: Listing,
    buyer_id: PartyId,
    relation: Relation,
    actor: Actor,
    now: datetime,
    *,
    terms_hash: str | None = None,
    by: str | None = None,
    at: datetime | None = None,
) -> None:
    due = terms_hash or agreed_hash(listing)
    assert due is not None
    kept = Consent(
        listing_id=listing.id,
        party_id=buyer_id,
        terms_hash=due,
        relation=relation,
        consented_by=by or actor.ref,
        consented_at=at or now,
    )
    if await agreements.save_consent(session, kept):
        told: dict[str, Any] = {"terms_hash": due, "relation": relation}
        told |= {"room_id": listing.room_id}
        told |= {"consented_by": kept.consented_by, "consented_at": kept.consented_at}
        await _journal(session, listing, "agreed", actor, now, told, also=buyer_id)


async def propose(
    session: AsyncSession, actor: Actor, listing: Listing, terms: ListingTerms, *, now: datetime
) -> str:
    """Keep changed terms of a published agreement until their buyer consents; return their hash.

    The caller holds the listing's lock and has checked that it can be changed.

    Source: rules.md A5.
    """
    due = agreed_hash(listing, terms)
    assert due is not None
    proposal = agreements.Proposal(
        terms=jsonable(terms), terms_hash=due, proposed_by=actor.ref, proposed_at=now
    )
    await agreements.save_proposal(session, listing.id, proposal)
    told = {"terms_hash": due, "terms": terms}
    await _journal(session, listing, "change_proposed", actor, now, told, also=terms.buyer_id)
    return due


async def record_unit_notice(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    unit_notice: UnitNotice,
    *,
    now: datetime,
) -> Listing:
    """Record where and since when the seller's unit publishes a draft agreement.

    Raises:
        ObjectUnknown: There is no such listing.
        NotAnAgreement: It is priced otherwise.
        TransitionRefused: It was published.
        UnitNoticeInFuture: Names today.

    Source: rules.md A2.
    """
    listing = await _locked(session, listing_id)
    # What was published is not added to: a change is a notice of its own.
    advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.PUBLISH)
    check_unit_notice(unit_notice, required=True, today=now.astimezone(SHANGHAI).date())
    noted = replace(listing, unit_notice=unit_notice)
    await listings.save_terms(session, noted)
    told = {"unit_notice": unit_notice}
    await _journal(session, noted, "unit_notice_recorded", actor, now, told)
    return noted


async def prepare(
    session: AsyncSession, listing: Listing, seller: Party, *, now: datetime
) -> Mapping[str, Any]:
    """Refuse an agreement that may not be published yet; return what its notice tells of it.

    Args:
        listing: With policy and period fixed.

    Raises:
        ConsentMissing: The buyer has not consented to exactly these terms of the present result.
        UnitNoticeMissing, UnitNoticeInFuture, ProcedureMissing: See the rules.
        StaffMayNotRegister, RelatedPartyNotDisclosed, RelationUntrue: See `check_buyer`.
        DefaulterExcluded: It bought this achievement before and defaulted.

    Invariants: LS20, LS60–LS63. Source: rules.md A2–A4.
    """
    due = agreed_hash(listing)
    assert due is not None
    assert listing.buyer_id is not None
    assert listing.policy is not None
    agreed = await agreements.find_consent(session, listing.id, due)
    if agreed is None:
        raise ConsentMissing("The buyer consents to this hash first.", accepted=due)
    if await edited_at(session, listing.achievement_id) > agreed.consented_at:
        raise ConsentMissing("The result was edited since: draft the agreement anew.")
    check_unit_notice(
        listing.unit_notice,
        required=listing.policy.unit_notice_required,
        today=now.astimezone(SHANGHAI).date(),
    )
    known = await agreements.procedure_in_effect(session, listing.market_id, seller.id)
    procedure = check_procedure(known, now=now)
    buyer = await get_party(session, listing.buyer_id)
    await relating.check_buyer(session, listing, buyer, agreed.relation)
    if await registrations.has_defaulted(session, listing.achievement_id, buyer.id):
        raise DefaulterExcluded("The re-run is without the buyer in default.")
    return {
        "buyer": {"party_id": buyer.id, "name": buyer.name, "relation": agreed.relation},
        "agreed_terms_hash": due,
        "agreed_at": agreed.consented_at,
        "unit_notice": listing.unit_notice,
        "objection_procedure": {
            "id": procedure.id,
            "version": procedure.version,
            "text": procedure.text,
            "published_at": procedure.published_at,
        },
    }


async def after_publication(
    session: AsyncSession, listing: Listing, *, now: datetime, actor: Actor
) -> None:
    """Register and qualify the buyer by its consent; one that a change replaced drops out.

    Invariant: LS61.
    """
    await agreements.drop_proposal(session, listing.id)
    due = agreed_hash(listing)
    assert due is not None
    assert listing.buyer_id is not None
    agreed = await agreements.find_consent(session, listing.id, due)
    assert agreed is not None  # `prepare` has seen it
    for other in await registrations.of_listing(session, listing.id):
        if other.party_id != listing.buyer_id and other.status is RegistrationStatus.QUALIFIED:
            told = {"listing_id": listing.id, "ground": "buyer_changed"}
            await end(session, other, RegistrationTrigger.LAPSE, told, at=now, actor=actor)
    present = await registrations.find_of_party(session, listing.id, listing.buyer_id)
    accepted = Registration(
        id=RegistrationId(new_id()) if present is None else present.id,
        listing_id=listing.id,
        market_id=listing.market_id,
        party_id=listing.buyer_id,
        status=RegistrationStatus.QUALIFIED,
        bidder_code=None,
        accepted_terms_hash=due,
        accepted_by=agreed.consented_by,
        registered_at=now if present is None else present.registered_at,
        accepted_at=agreed.consented_at,
        decided_at=now,
        relation=agreed.relation,
    )
    await registrations.insert_once(session, accepted)
    await registrations.save_acceptance(session, accepted)
    event = NewEvent(
        market_id=listing.market_id,
        subject="registration",
        subject_id=accepted.id,
        type="registration.qualified",
        market_at=now,
        actor=actor.ref,
        restricted={"listing_id": listing.id, "accepted_terms_hash": due},
        audience=frozenset({listing.buyer_id}),
    )
    await journal.append(session, event)


async def conclude(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Award an agreement whose notice has closed without an upheld objection.

    Called at the period's end and again when the last objection is decided; while one waits, or
    before the end, it does nothing. The caller holds the listing's lock.

    Invariant: LS65. Source: rules.md A5.
    """
    if listing.status is not ListingStatus.CLOSED:
        return
    notice = await notices.find_terms(session, listing.id)
    if notice is None or notice.status is not NoticeStatus.CLOSED:
        return
    assert listing.buyer_id is not None
    registration = await registrations.find_of_party(session, listing.id, listing.buyer_id)
    assert registration is not None  # its publication registered the buyer
    await award(session, listing, registration, listing.floor, at=at, actor=SYSTEM)


async def _journal(
    session: AsyncSession,
    listing: Listing,
    what: str,
    actor: Actor,
    now: datetime,
    restricted: Mapping[str, Any],
    *,
    also: PartyId | None = None,
) -> None:
    audience = {listing.seller_id, listing.buyer_id or listing.seller_id, also or listing.seller_id}
    event = NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type=f"listing.{what}",
        market_at=now,
        actor=actor.ref,
        restricted=restricted,
        audience=frozenset(audience),
    )
    await journal.append(session, event)
