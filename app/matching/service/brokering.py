"""Work on the broker's desk: take a pair, bring its two sides together, say what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.matching.domain.cases import (
    Act,
    Case,
    CaseNotYours,
    CaseStatus,
    CaseTrigger,
    PairNotSuggested,
    PairTaken,
    move,
)
from app.matching.domain.feedback import (
    STANDINGS,
    Judgement,
    RejectionReason,
    Said,
    Side,
    check_reason,
    standing_of,
)
from app.matching.repository import cases as repository
from app.matching.repository import feedback, pairs, results
from app.matching.service.case_notices import tell_called_off, tell_lapsed, tell_meeting
from app.matching.service.judging import record
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown
from app.platform.inbox import notify
from app.platform.journal import NewEvent
from app.shared.ids import new_id

IDLE: Final = "matching.case_idle"
_TAKE: Final = "take"
_DISMISS: Final = "dismiss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a broker does in a case.

    Attributes:
        facts: What both sides may know of it; values that `jsonable` knows.
        note: The broker's own.
        judgement, reason, text: What it says of the match, see `domain.feedback`.
        meeting_at: Of a meeting that is arranged.
    """

    trigger: CaseTrigger
    facts: Mapping[str, Any]
    note: str | None = None
    judgement: Judgement | None = None
    reason: RejectionReason | None = None
    text: str | None = None
    meeting_at: datetime | None = None


async def take_pair(
    session: AsyncSession,
    actor: Actor,
    demand_id: UUID,
    achievement_id: UUID,
    *,
    note: str | None,
    now: datetime,
) -> Case:
    """Take a suggested pair for the actor's party; nobody else can until it is released.

    Raises:
        PartyNotVerified: The broker's party is not verified.
        PairTaken: It is taken, settled or dismissed.
        PairNotSuggested: No present result of the actor's market suggests it.

    Invariant: MT71.
    """
    case = await _opened(session, actor, demand_id, achievement_id, CaseStatus.TAKEN, now)
    await _judge(session, case, Judgement.ACCEPTED, actor, now)
    await _keep_act(session, case, _TAKE, {}, note, actor.ref, "taken")
    await _set_timer(session, case)
    return case


async def dismiss_pair(
    session: AsyncSession,
    actor: Actor,
    demand_id: UUID,
    achievement_id: UUID,
    *,
    reason: RejectionReason,
    text: str | None,
    now: datetime,
) -> Case:
    """Say that a suggested pair is of no use: it leaves the queue, and its two sides hear nothing.

    Raises:
        PartyNotVerified, PairTaken, PairNotSuggested: See `take_pair`.
        RejectionReasonWrong: See `domain.feedback.check_reason`.

    Invariant: MT71.
    """
    case = await _opened(session, actor, demand_id, achievement_id, CaseStatus.DISMISSED, now)
    await _judge(
        session, case, Judgement.REJECTED, actor, now, reason=reason, text=text, quietly=True
    )
    facts = {"reason": reason, "text": text}
    await _keep_act(session, case, _DISMISS, facts, None, actor.ref, "dismissed")
    return case


async def _opened(
    session: AsyncSession,
    actor: Actor,
    demand_id: UUID,
    achievement_id: UUID,
    status: CaseStatus,
    now: datetime,
) -> Case:
    await require_verified(session, actor.party_id)
    pair = await pairs.find_suggestion(session, actor.market_id, demand_id, achievement_id)
    if pair is not None:
        case = Case(
            id=new_id(),
            market_id=actor.market_id,
            broker_id=actor.party_id,
            status=status,
            pair=pair,
            opened_at=now,
            acted_at=now,
            acts=1,
        )
        if await repository.insert(session, case):
            return case
    standing = await repository.find_standing(session, demand_id, achievement_id)
    if standing is None or standing.market_id != actor.market_id:
        raise PairNotSuggested("Choose one of the queue.")
    raise PairTaken(
        "Choose another one of the queue.", state=standing.status, since=standing.opened_at
    )


async def act(
    session: AsyncSession, actor: Actor, case_id: UUID, step: Step, *, now: datetime
) -> Case:
    """Do a step of a case, for its broker's party.

    Raises:
        ObjectUnknown: There is none.
        CaseNotYours: It is another broker's.
        TransitionRefused, MeetingTimeWrong, MeetingNotBegun: See `domain.cases.move`.
        RejectionReasonWrong: See `domain.feedback.check_reason`.

    Invariants: MT72, MT73, MT76.
    """
    case = await _locked(session, case_id)
    if case.broker_id != actor.party_id:
        raise CaseNotYours("Only its broker acts in a case.")
    moved = move(case, step.trigger, now=now, meeting_at=step.meeting_at)
    await repository.save(session, moved)
    if step.judgement is not None:
        await _judge(session, moved, step.judgement, actor, now, reason=step.reason, text=step.text)
    what = _PAST[step.trigger]
    await _keep_act(session, moved, step.trigger, step.facts, step.note, actor.ref, what)
    if step.trigger is CaseTrigger.ARRANGE:
        await notify(session, *tell_meeting(moved, step.facts))
    elif case.status is CaseStatus.MEETING_ARRANGED and not moved.is_open:
        await notify(session, *tell_called_off(moved))
    await _set_timer(session, moved)
    return moved


_PAST: Final[Mapping[CaseTrigger, str]] = {
    CaseTrigger.ARRANGE: "meeting_arranged",
    CaseTrigger.HOLD: "met",
    CaseTrigger.MISS: "meeting_missed",
    CaseTrigger.OFFER: "offered",
    CaseTrigger.WIN: "won",
    CaseTrigger.DECLINE: "declined",
    CaseTrigger.RELEASE: "released",
    CaseTrigger.LAPSE: "lapsed",
}


async def lapse(session: AsyncSession, case_id: UUID, due_at: datetime) -> None:
    """Give a pair back to the queue that its broker has not touched for too long (a timer).

    Invariant: MT77.
    """
    case = await _locked(session, case_id)
    if not case.is_open:
        return
    if due_at < case.lapses_at:  # it was touched while the timer was in hand
        await _set_timer(session, case)
        return
    moved = move(case, CaseTrigger.LAPSE, now=due_at)
    await repository.save(session, moved)
    await _keep_act(session, moved, CaseTrigger.LAPSE, {}, None, SYSTEM, "lapsed")
    await notify(session, tell_lapsed(moved))
    if case.status is CaseStatus.MEETING_ARRANGED:
        await notify(session, *tell_called_off(moved))


async def _locked(session: AsyncSession, case_id: UUID) -> Case:
    case = await repository.find(session, case_id, lock=True)
    if case is None:
        raise ObjectUnknown("There is no such case.")
    return case


async def _set_timer(session: AsyncSession, case: Case) -> None:
    if not case.is_open:
        await timers.cancel(session, kind=IDLE, subject_id=case.id)
    elif not await timers.is_in_hand(session, kind=IDLE, subject_id=case.id):
        await timers.schedule(
            session,
            market_id=case.market_id,
            kind=IDLE,
            subject_id=case.id,
            due_at=case.lapses_at,
        )


async def _judge(
    session: AsyncSession,
    case: Case,
    judgement: Judgement,
    actor: Actor,
    now: datetime,
    *,
    reason: RejectionReason | None = None,
    text: str | None = None,
    quietly: bool = False,
) -> None:
    """Log what an act says of the match, unless this broker has said as much before."""
    said = Said(
        side=Side.BROKER, judge_id=case.broker_id, judgement=judgement, reason=reason, text=text
    )
    check_reason(said)
    result = await results.get(session, case.pair.result_id)
    log = await feedback.log_of(session, result.entry_id, case.pair.shown_id)
    if (standing_of(log, said), judgement) in STANDINGS:
        await record(
            session,
            result,
            case.pair.shown_id,
            said,
            actor=actor.ref,
            now=now,
            quietly=quietly,
        )


async def _keep_act(
    session: AsyncSession,
    case: Case,
    what: str,
    facts: Mapping[str, Any],
    note: str | None,
    actor: str,
    past: str,
) -> None:
    """Keep an act and journal it; the broker's note stays out of what others may read."""
    kept = Act(
        case_id=case.id,
        number=case.acts,
        what=what,
        acted_at=case.acted_at,
        facts=facts,
        note=note,
    )
    await repository.add_act(session, kept)
    event = NewEvent(
        market_id=case.market_id,
        subject="match_case",
        subject_id=case.id,
        type=f"match_case.{past}",
        market_at=case.acted_at,
        actor=actor,
        restricted={
            "demand_id": case.pair.demand_id,
            "achievement_id": case.pair.achievement_id,
            "result_id": case.pair.result_id,
            "broker_id": case.broker_id,
            "status": case.status,
            "facts": facts,
        },
        audience=case.audience,
    )
    await journal.append(session, event)
