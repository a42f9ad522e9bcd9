"""Ask about a posted demand without a name; answer for everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus, is_near
from app.demands.domain.notice import DemandNoticeKind
from app.demands.domain.question import (
    Question,
    QuestionStatus,
    answer_all,
    check_answering,
    check_asking,
)
from app.demands.repository import demands
from app.demands.repository import questions as repository
from app.demands.service.confidentiality import check_may_answer
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.noticing import demand_event, publish_notice
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, Role
from app.platform.clock import market_now
from app.platform.inbox import NewNotification, notify
from app.shared.ids import DemandId, QuestionId, new_id

QUESTIONS_DUE: Final = "demand.questions_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionsSeen:
    """Questions as one viewer may know them.

    Attributes:
        names: Whether the viewer may know who asked.
    """

    questions: Sequence[Question]
    names: bool


async def ask_question(
    session: AsyncSession, actor: Actor, demand_id: DemandId, text: str, *, now: datetime
) -> Question:
    """Ask about a posted demand for the actor's party.

    The journal does not say who asks, to nobody: staff read every restricted part.

    Raises:
        ObjectUnknown: There is no such demand for the actor.
        PartyNotVerified, NotAnAnswerer: See `check_may_answer`.
        QuestionsClosed, QuestionsTooMany: See `check_asking`.

    Invariant: DM29.
    """
    await read_demand(session, actor, demand_id)
    demand = await lock_demand(session, demand_id)
    await check_may_answer(session, actor, demand)
    own = await repository.of_round(session, demand.id, demand.round, party_id=actor.party_id)
    check_asking(demand, asked=len(own), now=now)
    question = Question(
        id=QuestionId(new_id()),
        demand_id=demand.id,
        round=demand.round,
        number=await repository.count(session, demand.id) + 1,
        party_id=actor.party_id,
        status=QuestionStatus.OPEN,
        text=text,
        asked_at=now,
    )
    await repository.insert(session, question)
    assert demand.terms is not None
    if not await timers.is_in_hand(session, kind=QUESTIONS_DUE, subject_id=demand.id):
        await timers.schedule(
            session,
            market_id=demand.market_id,
            kind=QUESTIONS_DUE,
            subject_id=demand.id,
            due_at=demand.terms.questions_until,
        )
    event = demand_event(
        demand,
        "question_asked",
        actor=SYSTEM,
        at=now,
        public={"question": question.number},
        restricted={"text": text},
    )
    await journal.append(session, event)
    await notify(session, _asked(demand, question, now))
    return question


def _asked(demand: Demand, question: Question, now: datetime) -> NewNotification:
    return NewNotification(
        market_id=demand.market_id,
        party_id=demand.party_id,
        topic="demands.question_asked",
        title_zh="需求收到新的提问",
        title_en="A question was asked",
        text_zh=f"需求 {demand.number} 收到第 {question.number} 个提问，请在揭榜截止前答复。",
        text_en=f"Question {question.number} about the demand {demand.number} waits for an answer.",
        dedupe_key=f"question:{question.id}",
        market_at=now,
        data={"demand_id": demand.id, "question": question.number},
    )


async def answer_questions(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    answers: Mapping[int, str],
    *,
    now: datetime,
) -> Sequence[Question]:
    """Answer questions of the present round for everybody, in one notice.

    Args:
        answers: By the question's number; at least one.

    Raises:
        ObjectUnknown: There is no such demand.
        QuestionsClosed: Proposals are not taken any more.
        AnswersInvalid: Names every number that is unknown or was answered.

    Invariant: DM30.
    """
    demand = await lock_demand(session, demand_id)
    check_answering(demand, now=now)
    present = await repository.of_round(session, demand.id, demand.round)
    answered = answer_all(present, answers, now=now)
    for question in answered:
        await repository.save_answer(session, question)
    facts = [
        {"number": question.number, "question": question.text, "answer": question.answer}
        for question in answered
    ]
    await publish_notice(
        session,
        demand,
        DemandNoticeKind.ANSWERS,
        {"answers": facts},
        what="answered",
        at=now,
        actor=actor.ref,
    )
    return answered


async def list_questions(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    after: int,
    limit: int,
) -> QuestionsSeen:
    """Return questions in the order of asking: the answered ones, and the actor's own.

    Poster and staff see all; everybody does once questions are not taken any more. Who asked,
    staff alone learn, and after the deadline.

    Raises:
        ObjectUnknown: There is no such demand for the actor.

    Invariants: DM29, DM30.
    """
    demand = await read_demand(session, actor, demand_id)
    now = await market_now(session, demand.market_id)  # the anonymous are of no market
    over = demand.terms is not None and now >= demand.terms.questions_until
    closed = demand.closes_at is not None and now >= demand.closes_at
    found = await repository.find_page(
        session,
        demand.id,
        all_of=over or is_near(actor.viewer, demand),
        own=None if actor.role is Role.ANONYMOUS else actor.party_id,
        after=after,
        limit=limit,
    )
    return QuestionsSeen(
        questions=found, names=closed and actor.viewer.staff_of == demand.market_id
    )


async def tell_questions_due(session: AsyncSession, demand_id: UUID, due_at: datetime) -> None:
    """Tell everybody, and the poster, what stayed without an answer (a timer).

    Invariant: DM30.
    """
    demand = await demands.find(session, DemandId(demand_id), lock=True)
    if demand is None or demand.status is not DemandStatus.POSTED or demand.terms is None:
        return
    until = demand.terms.questions_until
    if due_at < until:  # the deadline was put off
        await _again(session, demand, until)
        return
    present = await repository.of_round(session, demand.id, demand.round)
    waiting = [item.number for item in present if item.status is QuestionStatus.OPEN]
    if not waiting:
        return
    event = demand_event(
        demand, "questions_over", actor=SYSTEM, at=due_at, public={"unanswered": waiting}
    )
    await journal.append(session, event)
    told = NewNotification(
        market_id=demand.market_id,
        party_id=demand.party_id,
        topic="demands.answers_overdue",
        title_zh="提问期已结束，尚有问题未答复",
        title_en="Questions have stayed without an answer",
        text_zh=f"需求 {demand.number} 有 {len(waiting)} 个提问未答复，揭榜截止前仍可答复。",
        text_en=f"{len(waiting)} questions about the demand {demand.number} wait for answers.",
        dedupe_key=f"answers_overdue:{demand.id}:{due_at.isoformat()}",
        market_at=due_at,
        data={"demand_id": demand.id, "questions": waiting},
    )
    await notify(session, told)


async def _again(session: AsyncSession, demand: Demand, due_at: datetime) -> None:
    await timers.schedule(
        session,
        market_id=demand.market_id,
        kind=QUESTIONS_DUE,
        subject_id=demand.id,
        due_at=due_at,
    )
