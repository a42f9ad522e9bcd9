"""Judge what a result showed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.feedback import (
    Feedback,
    Judgement,
    RejectionReason,
    Said,
    Side,
    judge,
    snapshot_of,
)
from app.matching.domain.match import StoredResult
from app.matching.domain.precision import Month, monthly
from app.matching.repository import feedback as repository
from app.matching.repository import results
from app.platform import journal
from app.platform.access import Actor, Role
from app.platform.clock import market_now
from app.platform.journal import NewEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, MarketId, new_id

_DESK: Final = frozenset({Role.BROKER, Role.OPERATOR, Role.AUDITOR})
_SIDES: Final = {Role.BROKER: Side.BROKER, Role.OPERATOR: Side.STAFF}


async def give_feedback(
    session: AsyncSession,
    actor: Actor,
    result_id: UUID,
    entry_id: UUID,
    judgement: Judgement,
    *,
    reason: RejectionReason | None,
    text: str | None,
    now: datetime,
) -> Feedback:
    """Judge an entry that a result showed, for the actor's party.

    Raises:
        ObjectUnknown: There is no such result.
        EntryNotShown: The result did not show it.
        RejectionReasonWrong, TransitionRefused: See `domain.feedback.judge`.

    Invariants: MT40, MT41, MT42, MT44.
    """
    result = await results.get(session, result_id)
    said = Said(
        side=_SIDES.get(actor.role, Side.PARTY),
        judge_id=actor.party_id,
        judgement=judgement,
        reason=reason,
        text=text,
    )
    return await record(session, result, entry_id, said, actor=actor.ref, now=now)


async def list_feedback(
    session: AsyncSession, actor: Actor, result_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[Feedback]:
    """Return what was said against a result, the first one first.

    Its party hears nothing of pairs that brokers dismissed.

    Invariant: MT78.
    """
    return await repository.of_result(
        session, result_id, dismissals=actor.role in _DESK, after=after, limit=limit
    )


async def read_precision(session: AsyncSession, market_id: MarketId, *, months: int) -> list[Month]:
    """Return the figures of the latest calendar months in Asia/Shanghai, this one among them.

    Invariant: MT50.
    """
    today = (await market_now(session, market_id)).astimezone(SHANGHAI)
    since = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(months - 1):
        since = (since - timedelta(days=1)).replace(day=1)
    return monthly(await repository.pairs_since(session, market_id, since))


async def record(
    session: AsyncSession,
    result: StoredResult,
    shown_id: UUID,
    said: Said,
    *,
    actor: str,
    now: datetime,
    deal_id: DealId | None = None,
    quietly: bool = False,
) -> Feedback:
    """Add what was said of a shown entry to the log, and journal it.

    Args:
        quietly: The result's party shall hear nothing of it.

    Raises:
        EntryNotShown, RejectionReasonWrong, TransitionRefused: Nothing was added.
    """
    snapshot = snapshot_of(result, shown_id)
    while True:
        log = await repository.log_of(session, result.entry_id, shown_id)
        judge(log, said)
        feedback = Feedback(
            id=new_id(),
            market_id=result.market_id,
            result_id=result.id,
            party_id=result.party_id,
            entry_id=result.entry_id,
            shown_id=shown_id,
            ordinal=len(log) + 1,
            said=said,
            judged_at=now,
            snapshot=snapshot,
            deal_id=deal_id,
        )
        if await repository.add(session, feedback):
            break  # else somebody judged the pair just before: look again
    await journal.append(session, _event(feedback, actor, quietly=quietly))
    return feedback


def _event(feedback: Feedback, actor: str, *, quietly: bool) -> NewEvent:
    """Return the event, whose public part is empty: what a party looks for, is its own affair."""
    said, shown = feedback.said, feedback.snapshot
    told = {None if quietly else feedback.party_id, said.judge_id}
    return NewEvent(
        market_id=feedback.market_id,
        subject="match_result",
        subject_id=feedback.result_id,
        type="match_result.judged",
        market_at=feedback.judged_at,
        actor=actor,
        restricted={
            "feedback_id": feedback.id,
            "entry_id": feedback.entry_id,
            "shown_id": feedback.shown_id,
            "judgement": said.judgement,
            "reason": said.reason,
            "text": said.text,
            "side": said.side,
            "rank": shown.rank,
            "score": f"{shown.score:.6f}",
            "verdict": shown.verdict,
            "weights": shown.basis.weights,
            "deal_id": feedback.deal_id,
        },
        audience=frozenset(party for party in told if party is not None),
    )
