"""Submit an achievement, check it first, and decide."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.listings.domain.achievement import (
    ACHIEVEMENT_TRANSITIONS,
    Achievement,
    AchievementStatus,
    AchievementTrigger,
    may_see,
    require_reason,
)
from app.listings.domain.content import AchievementContent
from app.listings.domain.gate import GateReport, assess
from app.listings.domain.selection import (
    FirstCheckOutcome,
    Opinion,
    check_mended_in_time,
    check_opinions,
    is_against_advice,
    told_opinions,
)
from app.listings.repository import achievements as repository
from app.listings.repository import selection
from app.listings.service.achievements import check_own_content, read_achievement
from app.listings.service.deadlines import (
    begin_first_check,
    end_of,
    shelf_due,
    terms_of,
    watch,
)
from app.listings.service.telling import achievement_event, shelf_part
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.shared.calendar import SHANGHAI
from app.shared.ids import AchievementId
from app.shared.transitions import advance

_FIRST_CHECK: Final = {
    FirstCheckOutcome.PASS: AchievementTrigger.PASS_CHECK,
    FirstCheckOutcome.RETURN: AchievementTrigger.RETURN,
    FirstCheckOutcome.REFUSE: AchievementTrigger.REFUSE,
}


async def lock_seen(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId
) -> Achievement:
    """Lock and return an achievement that the actor may know of.

    Raises:
        ObjectUnknown: There is none, or it is a draft of somebody else.
    """
    achievement = await repository.find(session, achievement_id, lock=True)
    if achievement is None or not may_see(actor.viewer, achievement):
        raise ObjectUnknown("There is no such achievement for you.")
    return achievement


async def submit_achievement(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId, *, now: datetime
) -> Achievement:
    """Submit a draft, or what was returned and mended, to the first check.

    Raises:
        ObjectUnknown: There is no such achievement.
        TransitionRefused: It is neither a draft nor returned.
        MendingOver: It was returned, and the time to mend it is over.
        PartyNotVerified: The exchange has not verified the owner.
        AchievementInvalid: Time has broken what was in order, such as a patent's term.
        GateScoreTooLow: The market asks for a better description.

    Invariant: LS40.
    """
    found = await lock_seen(session, actor, achievement_id)
    status = advance(ACHIEVEMENT_TRANSITIONS, state=found.status, trigger=AchievementTrigger.SUBMIT)
    check_mended_in_time(found, now=now)
    await require_verified(session, found.party_id)
    await check_own_content(session, found.party_id, found.content, now=now)
    submitted = replace(found, status=status, submitted_at=now)
    submitted, told = await begin_first_check(session, submitted, now=now)
    await repository.save(session, submitted)
    again = found.status is AchievementStatus.RETURNED
    event = achievement_event(
        submitted,
        "resubmitted" if again else "submitted",
        actor=actor.ref,
        at=now,
        restricted=told | {"version": submitted.version},
    )
    await journal.append(session, event)
    return submitted


async def first_check(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    *,
    outcome: FirstCheckOutcome,
    reason: str | None,
    now: datetime,
) -> Achievement:
    """Pass a submitted achievement on to the experts, return it to be mended, or refuse it.

    Raises:
        ObjectUnknown: There is no such achievement, or it is a draft.
        TransitionRefused: It does not wait for the first check.
        ReasonMissing: Returned or refused without a reason.

    Invariant: LS40, LS41.
    """
    found = await lock_seen(session, actor, achievement_id)
    # What does not wait for the first check cannot be returned or refused by it either.
    status = advance(
        ACHIEVEMENT_TRANSITIONS, state=found.status, trigger=AchievementTrigger.PASS_CHECK
    )
    trigger = _FIRST_CHECK[outcome]
    if trigger is not AchievementTrigger.PASS_CHECK:
        return await _decide(session, actor, found, trigger, reason=reason, opinions=(), now=now)
    terms = await terms_of(session, found.market_id, now)
    passed = replace(found, status=status, due_at=end_of(now, terms.expert_selection))
    await repository.save(session, passed)
    await watch(session, passed)
    facts = {"due_at": passed.due_at, "reason": reason}
    event = achievement_event(passed, "passed_check", actor=actor.ref, at=now, restricted=facts)
    await journal.append(session, event)
    return passed


async def review_achievement(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    *,
    trigger: AchievementTrigger,
    reason: str | None,
    now: datetime,
) -> Achievement:
    """Accept, return or refuse what was submitted, with the experts' opinions if it is theirs.

    Where the operator asks no experts, it decides right after the submission.

    Args:
        trigger: ``ACCEPT``, ``RETURN`` or ``REFUSE``.

    Raises:
        ObjectUnknown: There is no such achievement, or it is a draft.
        TransitionRefused: It was decided before.
        OpinionsMissing: The experts' round has too few opinions.
        ReasonMissing: Returned, refused, or accepted against the experts' advice, without one.

    Invariant: LS40, LS43.
    """
    found = await lock_seen(session, actor, achievement_id)
    if found.status is AchievementStatus.RETURNED:
        # Its time to be mended has not run out: the timer alone refuses it.
        advance(ACHIEVEMENT_TRANSITIONS, state=found.status, trigger=AchievementTrigger.ACCEPT)
    opinions: Sequence[Opinion] = ()
    if found.status is AchievementStatus.SELECTING:
        appointments = await selection.of_submission(session, found)
        opinions = [item.opinion for item in appointments if item.opinion is not None]
        terms = await terms_of(session, found.market_id, now)
        check_opinions(opinions, experts_min=terms.experts_min)
    return await _decide(session, actor, found, trigger, reason=reason, opinions=opinions, now=now)


async def _decide(
    session: AsyncSession,
    actor: Actor,
    found: Achievement,
    trigger: AchievementTrigger,
    *,
    reason: str | None,
    opinions: Sequence[Opinion],
    now: datetime,
) -> Achievement:
    status = advance(ACHIEVEMENT_TRANSITIONS, state=found.status, trigger=trigger)
    accepted = status is AchievementStatus.ACCEPTED
    require_reason(favourable=accepted and not is_against_advice(opinions), reason=reason)
    decided = replace(
        found,
        status=status,
        reviewed_at=now,
        reason=None if accepted else reason,
        due_at=await _due(session, found, status, now),
    )
    await repository.save(session, decided)
    await watch(session, decided)
    told: dict[str, Any] = {"reason": reason, "due_at": decided.due_at}
    if opinions:
        told["opinions"] = told_opinions(opinions)
    event = achievement_event(
        decided,
        str(status),
        actor=actor.ref,
        at=now,
        public=shelf_part(decided),
        restricted=told,
    )
    await journal.append(session, event)
    return decided


async def _due(
    session: AsyncSession, found: Achievement, status: AchievementStatus, now: datetime
) -> datetime | None:
    match status:
        case AchievementStatus.ACCEPTED:
            return await shelf_due(session, found.market_id, now)
        case AchievementStatus.RETURNED:
            return end_of(now, (await terms_of(session, found.market_id, now)).mending)
        case _:
            return None


def check_quality(content: AchievementContent, *, now: datetime) -> GateReport:
    """Return what buyers will miss in a content as of today."""
    return assess(content, now.astimezone(SHANGHAI).date())


async def read_gate(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId, *, now: datetime
) -> GateReport:
    """Return what buyers will miss in an achievement as of today.

    Raises:
        ObjectUnknown: There is none, or it is not for the actor.
    """
    achievement = await read_achievement(session, actor, achievement_id)
    return check_quality(achievement.content, now=now)
