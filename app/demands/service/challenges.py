"""Challenge events: drafted, announced, changed, run, ended by the exchange.

The event's row is locked before any of its demands, and those in the order of their ids.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.challenge import (
    CHALLENGE_TRANSITIONS,
    Challenge,
    ChallengeContent,
    ChallengeStatus,
    ChallengeTrigger,
    check_challenge,
    check_change,
    check_version,
    may_see_challenge,
)
from app.demands.domain.challenge_notice import ChallengeNoticeKind, write_challenge_notice
from app.demands.domain.challenge_results import DemandAttached, StageNotOver, check_attachable
from app.demands.domain.demand import ON_THE_BOARD, require_reason
from app.demands.repository import challenges as repository
from app.demands.service.challenge_money import check_cancellable, return_funds
from app.demands.service.locking import lock_demand
from app.identity.public import get_parties
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import ChallengeId, DemandId, PartyId, new_id
from app.shared.transitions import advance

BEGIN: Final = "challenge.begin"


async def create_challenge(
    session: AsyncSession, actor: Actor, content: ChallengeContent, *, now: datetime
) -> Challenge:
    """Draft an event; nobody but the market's staff knows it before its announcement.

    Raises:
        ChallengeInvalid: Names every fault.
        ObjectUnknown: A sponsor is no party of the market.

    Invariants: DM120, DM121.
    """
    check_challenge(content, now=now)
    await _check_sponsors(session, actor, content)
    challenge = Challenge(
        id=ChallengeId(new_id()),
        number=await repository.next_number(session, now=now),
        market_id=actor.market_id,
        party_id=actor.party_id,
        status=ChallengeStatus.DRAFT,
        content=content,
        version=1,
        created_at=now,
    )
    await repository.insert(session, challenge)
    await tell(session, challenge, "drafted", actor.ref, now, restricted={"content": content})
    return challenge


async def edit_challenge(
    session: AsyncSession,
    actor: Actor,
    challenge_id: ChallengeId,
    content: ChallengeContent,
    *,
    seen: str | None,
    reason: str | None,
    now: datetime,
) -> Challenge:
    """Put a whole content in the place of the version seen; an announced one says why.

    Raises:
        ObjectUnknown: There is no such event, or a sponsor is no party of the market.
        TransitionRefused: It is over.
        ChallengeChanged, ChallengeInvalid, DemandReasonMissing: See them.

    Invariants: DM121, DM122.
    """
    challenge = await lock_challenge(session, challenge_id)
    draft = challenge.status is ChallengeStatus.DRAFT
    trigger = ChallengeTrigger.EDIT if draft else ChallengeTrigger.CHANGE
    status = advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=trigger)
    check_version(challenge, seen)
    if draft:
        check_challenge(content, now=now)
    else:
        check_change(challenge, content, now=now)
    await _check_sponsors(session, actor, content)
    changed = replace(challenge, status=status, content=content, version=challenge.version + 1)
    if draft:
        await repository.save(session, changed)
        await tell(session, changed, "edited", actor.ref, now, restricted={"content": content})
        return changed
    facts = {"reason": require_reason(reason), **_terms(changed)}
    published = await publish(
        session, changed, ChallengeNoticeKind.CHANGE, facts, "changed", actor.ref, now
    )
    if challenge.status is ChallengeStatus.ANNOUNCED:
        await _watch(session, published)
    return published


async def announce_challenge(
    session: AsyncSession, actor: Actor, challenge_id: ChallengeId, *, now: datetime
) -> Challenge:
    """Announce an event with all its rules, dates and prizes.

    Raises:
        ObjectUnknown: There is no such event.
        TransitionRefused: It is no draft.
        ChallengeInvalid: Its first stage has begun.

    Invariants: DM121, DM126.
    """
    challenge = await lock_challenge(session, challenge_id)
    status = advance(
        CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.ANNOUNCE
    )
    check_challenge(challenge.content, now=now)
    announced = replace(challenge, status=status, announced_at=now)
    published = await publish(
        session,
        announced,
        ChallengeNoticeKind.ANNOUNCEMENT,
        _terms(announced),
        "announced",
        actor.ref,
        now,
    )
    await _watch(session, published)
    return published


async def begin_challenge(session: AsyncSession, challenge_id: UUID, due_at: datetime) -> None:
    """Let an announced event run when its first stage begins (a timer)."""
    challenge = await lock_challenge(session, ChallengeId(challenge_id))
    if challenge.status is not ChallengeStatus.ANNOUNCED:
        return
    if challenge.content.stages[0].starts_at > due_at:
        await _watch(session, challenge)  # it was put off
        return
    status = advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.BEGIN)
    begun = replace(challenge, status=status)
    await repository.save(session, begun)
    await tell(session, begun, "begun", SYSTEM, due_at, public={})


async def finish_challenge(
    session: AsyncSession, actor: Actor, challenge_id: ChallengeId, *, now: datetime
) -> Challenge:
    """End an event whose stages are all decided; prize money that is left goes back.

    Raises:
        ObjectUnknown: There is no such event.
        TransitionRefused: It does not run.
        StageNotOver: A stage has no results yet.

    Invariant: DM127.
    """
    challenge = await lock_challenge(session, challenge_id)
    status = advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.FINISH)
    if challenge.stages_done < len(challenge.content.stages):
        raise StageNotOver("Publish the results of every stage first.")
    finished = replace(challenge, status=status, ended_at=now)
    await return_funds(session, finished, actor=actor, now=now)
    return await publish(
        session, finished, ChallengeNoticeKind.FINISH, {}, "finished", actor.ref, now
    )


async def cancel_challenge(
    session: AsyncSession,
    actor: Actor,
    challenge_id: ChallengeId,
    *,
    reason: str | None,
    now: datetime,
) -> Challenge:
    """Cancel an event of which no prize was given; all prize money goes back.

    Raises:
        ObjectUnknown: There is no such event.
        TransitionRefused: It is over.
        PrizeAwarded: A prize was given.
        DemandReasonMissing: There is no reason.

    Invariant: DM127.
    """
    challenge = await lock_challenge(session, challenge_id)
    status = advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.CANCEL)
    told = require_reason(reason)
    await check_cancellable(session, challenge)
    cancelled = replace(challenge, status=status, reason=told, ended_at=now)
    await return_funds(session, cancelled, actor=actor, now=now)
    if challenge.announced_at is None:
        await repository.save(session, cancelled)
        await tell(session, cancelled, "cancelled", actor.ref, now, restricted={"reason": told})
        return cancelled
    kind = ChallengeNoticeKind.CANCELLATION
    facts = {"reason": told}
    return await publish(session, cancelled, kind, facts, "cancelled", actor.ref, now)


async def attach_demand(
    session: AsyncSession,
    actor: Actor,
    challenge_id: ChallengeId,
    demand_id: DemandId,
    *,
    now: datetime,
) -> Challenge:
    """Let a cleared or posted demand take part; its proposals then count for the event.

    Raises:
        ObjectUnknown: There is no such event, or no such demand in its market.
        TransitionRefused: The event is over.
        DemandNotAttachable: The demand is at another point.
        DemandAttached: It takes part in an event, or the event has results already.

    Invariant: DM123.
    """
    challenge = await lock_challenge(session, challenge_id)
    if challenge.status not in _TAKING:
        advance(CHALLENGE_TRANSITIONS, state=challenge.status, trigger=ChallengeTrigger.CHANGE)
    demand = await lock_demand(session, demand_id)
    if demand.market_id != challenge.market_id:
        raise ObjectUnknown("There is no such demand in the event's market.", field="demand_id")
    check_attachable(demand)
    if challenge.stages_done or await repository.event_of(session, demand_id) is not None:
        raise DemandAttached("A demand joins one event, before the event's first results.")
    await repository.attach(session, challenge_id, demand_id, at=now)
    named = {"demand_id": demand_id}
    known = demand.status in ON_THE_BOARD and challenge.announced_at is not None
    await tell(
        session,
        challenge,
        "demand_attached",
        actor.ref,
        now,
        public=named if known else None,
        restricted=None if known else named,
        audience=frozenset({demand.party_id}),
    )
    return challenge


_TAKING: Final = frozenset(
    {ChallengeStatus.DRAFT, ChallengeStatus.ANNOUNCED, ChallengeStatus.RUNNING}
)


async def lock_challenge(session: AsyncSession, challenge_id: ChallengeId) -> Challenge:
    """Return an event under its row lock.

    Raises:
        ObjectUnknown: There is none.
    """
    challenge = await repository.find(session, challenge_id, lock=True)
    if challenge is None:
        raise ObjectUnknown("There is no such event.")
    return challenge


async def read_challenge(
    session: AsyncSession, actor: Actor, challenge_id: ChallengeId
) -> Challenge:
    """Return an event that the actor may know.

    Raises:
        ObjectUnknown: There is none, or it is not announced and the actor is not its staff.
    """
    challenge = await repository.find(session, challenge_id)
    if challenge is None or not may_see_challenge(actor.viewer, challenge):
        raise ObjectUnknown("There is no such event for you.")
    return challenge


async def publish(
    session: AsyncSession,
    challenge: Challenge,
    kind: ChallengeNoticeKind,
    facts: Mapping[str, Any],
    what: str,
    actor: str,
    at: datetime,
) -> Challenge:
    """Publish a document, save the event, journal it as ``challenge.<what>``.

    Invariant: DM126.
    """
    notice = write_challenge_notice(challenge, kind, facts, at=at)
    states_terms = kind in {ChallengeNoticeKind.ANNOUNCEMENT, ChallengeNoticeKind.CHANGE}
    published = replace(
        challenge,
        notice_count=notice.seq,
        terms_hash=notice.content_hash if states_terms else challenge.terms_hash,
    )
    await repository.save(session, published)
    await repository.insert_notice(session, notice)
    told = {"notice": notice.content, "content_hash": notice.content_hash}
    await tell(session, published, what, actor, at, public=told)
    return published


async def tell(
    session: AsyncSession,
    challenge: Challenge,
    what: str,
    actor: str,
    at: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
    audience: frozenset[PartyId] = frozenset(),
) -> None:
    """Journal what happened to an event; ``public`` is ``None`` where nobody else may know."""
    told = {} if public is None else {"number": challenge.number} | dict(public)
    event = NewEvent(
        market_id=challenge.market_id,
        subject="challenge",
        subject_id=challenge.id,
        type=f"challenge.{what}",
        market_at=at,
        actor=actor,
        public=told,
        restricted=restricted or {},
        audience=audience,
    )
    await journal.append(session, event)


def _terms(challenge: Challenge) -> dict[str, Any]:
    return {"version": challenge.version, "content": challenge.content}


async def _check_sponsors(session: AsyncSession, actor: Actor, content: ChallengeContent) -> None:
    named = {prize.sponsor_id for prize in content.prizes if prize.sponsor_id is not None}
    known = {party.id: party for party in await get_parties(session, named)}
    for party_id in sorted(named):
        party = known.get(party_id)
        if party is None or party.market_id != actor.market_id:
            raise ObjectUnknown("A sponsor is no party of your market.", party_id=str(party_id))


async def _watch(session: AsyncSession, challenge: Challenge) -> None:
    # A worker that has the timer in hand waits for this event, and sets it anew itself.
    if not await timers.is_in_hand(session, kind=BEGIN, subject_id=challenge.id):
        await timers.schedule(
            session,
            market_id=challenge.market_id,
            kind=BEGIN,
            subject_id=challenge.id,
            due_at=challenge.content.stages[0].starts_at,
        )
