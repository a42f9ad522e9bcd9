"""Object to the notice of an agreement, and decide objections."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.listings.domain.agreement import require_agreement
from app.listings.domain.listing import Listing
from app.listings.domain.notice import NoticeKind, NoticeStatus, NoticeTrigger
from app.listings.domain.objection import (
    OBJECTION_TRANSITIONS,
    Objection,
    ObjectionGround,
    ObjectionStatus,
    ObjectionTrigger,
    OwnObjection,
    check_objection,
    require_objector,
)
from app.listings.repository import notices
from app.listings.repository import objections as repository
from app.listings.service import agreeing
from app.listings.service.concluding import fail
from app.listings.service.noticing import move_notice, publish_message
from app.listings.service.publishing import read_listing, require_listing
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, NotYours, ObjectUnknown, Role
from app.platform.files.lookup import own_files
from app.platform.journal import NewEvent
from app.shared.calendar import CalendarHorizonExceeded, mainland_china, period_end
from app.shared.ids import FileId, ListingId, ObjectionId, new_id
from app.shared.transitions import advance

DECIDE_BY: Final = "objection.decide_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewObjection:
    """What somebody objects.

    Attributes:
        name, contact: Needed of whoever did not sign in.
    """

    ground: ObjectionGround
    text: str
    evidence: str
    files: tuple[FileId, ...]
    name: str | None
    contact: str | None


async def object_to(
    session: AsyncSession, actor: Actor, listing_id: ListingId, new: NewObjection, *, now: datetime
) -> Objection:
    """File an objection to a published agreement; the notice then waits for its decision.

    Raises:
        ObjectUnknown: No such listing for the actor, or a file it may not read.
        NotAnAgreement, ObjectionsClosed, ObjectorUnknown: See the rules.

    Invariant: LS64.
    """
    # The listing's lock orders it against the end of the period: in time and counted, or refused.
    await require_listing(session, listing_id, lock=True)
    listing, notice = await read_listing(session, actor, listing_id)
    require_agreement(listing)
    check_objection(listing, notice, now=now)
    signed_in = actor.role is not Role.ANONYMOUS
    require_objector(signed_in=signed_in, name=new.name, contact=new.contact)
    if strange := set(new.files) - await own_files(session, actor.party_id, new.files):
        raise ObjectUnknown("No such file of your party.", field="files", unknown=strange)
    assert notice is not None
    objection = Objection(
        id=ObjectionId(new_id()),
        listing_id=listing.id,
        notice_id=notice.id,
        market_id=listing.market_id,
        party_id=actor.party_id if signed_in else None,
        name=new.name or (await get_party(session, actor.party_id)).name,
        contact=new.contact or actor.ref,
        ground=new.ground,
        text=new.text,
        evidence=new.evidence,
        files=new.files,
        status=ObjectionStatus.OPEN,
        filed_at=now,
        filed_by=actor.ref,
        decide_by_at=_answer_by(listing, now),
    )
    await repository.insert(session, objection)
    await move_notice(session, notice, NoticeTrigger.OBJECT)
    if objection.decide_by_at is not None:
        await timers.schedule(
            session,
            market_id=listing.market_id,
            kind=DECIDE_BY,
            subject_id=objection.id,
            due_at=objection.decide_by_at,
        )
    told: dict[str, Any] = {"name": objection.name, "contact": objection.contact}
    told |= {"text": new.text, "evidence": new.evidence, "files": new.files}
    await _journal(session, listing, objection, "filed", actor.ref, now, told)
    return objection


def _answer_by(listing: Listing, now: datetime) -> datetime | None:
    """Return until when an objection is answered, if the working days up to then are known.

    An unknown year takes the time from whoever answers, not the right from whoever objects.
    """
    assert listing.policy is not None
    try:
        return period_end(
            start=now, duration=listing.policy.objection_answer, calendar=mainland_china()
        )
    except CalendarHorizonExceeded:
        return None


async def decide(
    session: AsyncSession,
    actor: Actor,
    objection_id: ObjectionId,
    *,
    upheld: bool,
    reason: str,
    now: datetime,
) -> Objection:
    """Decide an objection; the decision is published without who objected.

    An upheld one fails the listing. When the last one is rejected the notice goes on, and if its
    period is over the agreement is awarded.

    Raises:
        ObjectUnknown: There is no such objection.
        OwnObjection: The actor's party filed it.
        TransitionRefused: It was decided or withdrawn before.

    Invariants: LS65, LS67. Source: rules.md A4, A5.
    """
    objection, listing = await _locked(session, objection_id)
    if objection.party_id == actor.party_id:
        raise OwnObjection("Let the other side decide.", accepted=["seller_staff", "operator"])
    trigger = ObjectionTrigger.UPHOLD if upheld else ObjectionTrigger.REJECT
    decided = await _end(session, objection, trigger, decision=reason, actor=actor, now=now)
    await _journal(session, listing, decided, str(decided.status), actor.ref, now, {})
    # What was published has an end of its own: a listing that is over only hears the answer.
    facts = {
        "objection_id": objection.id,
        "ground": objection.ground,
        "status": decided.status,
        "decision": reason,
    }
    kind = NoticeKind.OBJECTION_RESULT
    listing = await publish_message(
        session, listing, kind, facts, what="objection_decided", at=now, actor=actor.ref
    )
    if upheld:
        await _uphold(session, listing, decided, now)
    else:
        await _go_on(session, listing, now)
    return decided


async def _uphold(
    session: AsyncSession, listing: Listing, objection: Objection, now: datetime
) -> None:
    notice = await notices.find_terms(session, listing.id)
    # One to a notice that was superseded says nothing against the present one.
    if notice is None or notice.id != objection.notice_id:
        return
    if notice.status is NoticeStatus.OBJECTED:
        await move_notice(session, notice, NoticeTrigger.UPHOLD)
        await fail(session, listing.id, at=now, cancelled=True)


async def _go_on(session: AsyncSession, listing: Listing, now: datetime) -> None:
    """Let the notice go on when no objection to it waits any more."""
    notice = await notices.find_terms(session, listing.id)
    if notice is None or notice.status is not NoticeStatus.OBJECTED:
        return
    if await repository.count_open(session, notice.id):
        return
    notice = await move_notice(session, notice, NoticeTrigger.REJECT_ALL)
    if listing.disclosure_ends_at is not None and listing.disclosure_ends_at <= now:
        await move_notice(session, notice, NoticeTrigger.CLOSE)
        await agreeing.conclude(session, listing, at=now)


async def withdraw(
    session: AsyncSession, actor: Actor, objection_id: ObjectionId, *, now: datetime
) -> Objection:
    """Take an objection back; only who signed in to file it can.

    Raises:
        ObjectUnknown: There is no such objection.
        NotYours: Another party filed it.
        TransitionRefused: It was decided or withdrawn before.
    """
    objection, listing = await _locked(session, objection_id)
    if objection.party_id is None or objection.party_id != actor.party_id:
        raise NotYours("Another party filed the objection.")
    trigger = ObjectionTrigger.WITHDRAW
    withdrawn = await _end(session, objection, trigger, decision=None, actor=actor, now=now)
    await _journal(session, listing, withdrawn, "withdrawn", actor.ref, now, {})
    await _go_on(session, listing, now)
    return withdrawn


async def _locked(session: AsyncSession, objection_id: ObjectionId) -> tuple[Objection, Listing]:
    seen = await repository.find(session, objection_id)
    if seen is None:
        raise ObjectUnknown("There is no such objection.")
    listing = await require_listing(session, seen.listing_id, lock=True)
    objection = await repository.find(session, objection_id)
    assert objection is not None
    return objection, listing


async def _end(
    session: AsyncSession,
    objection: Objection,
    trigger: ObjectionTrigger,
    *,
    decision: str | None,
    actor: Actor,
    now: datetime,
) -> Objection:
    status = advance(OBJECTION_TRANSITIONS, state=objection.status, trigger=trigger)
    ended = replace(
        objection, status=status, decision=decision, decided_at=now, decided_by=actor.ref
    )
    await repository.save(session, ended)
    await timers.cancel(session, kind=DECIDE_BY, subject_id=objection.id)
    return ended


async def remind(session: AsyncSession, objection_id: UUID, due_at: datetime) -> None:
    """Tell seller and staff that an objection has not been decided in time (a timer)."""
    objection, listing = await _locked(session, ObjectionId(objection_id))
    if objection.status is ObjectionStatus.OPEN:
        await _journal(session, listing, objection, "overdue", SYSTEM, due_at, {})


async def list_objections(
    session: AsyncSession, actor: Actor, listing_id: ListingId, *, before: UUID | None, limit: int
) -> tuple[Listing, Sequence[Objection]]:
    """Return the objections to a listing that the actor may see, newest first.

    Raises:
        ObjectUnknown: There is no such listing for the actor.
    """
    listing, _ = await read_listing(session, actor, listing_id)
    return listing, await repository.of_listing(session, listing.id, before=before, limit=limit)


async def _journal(
    session: AsyncSession,
    listing: Listing,
    objection: Objection,
    what: str,
    actor: str,
    now: datetime,
    restricted: dict[str, Any],
) -> None:
    parties: Collection[Any] = {listing.seller_id, objection.party_id} - {None}
    event = NewEvent(
        market_id=listing.market_id,
        subject="objection",
        subject_id=objection.id,
        type=f"objection.{what}",
        market_at=now,
        actor=actor,
        # Everybody learns that an objection stands, and what it is about; not whose.
        public={"listing_id": listing.id, "ground": objection.ground, "status": objection.status},
        restricted=restricted,
        audience=frozenset(parties),
    )
    await journal.append(session, event)
