"""Questions 答疑: asked without a name, answered for everybody."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.demands.domain.demand import Demand, DemandStatus, is_open
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import DemandId, PartyId, QuestionId
from app.shared.transitions import advance

QUESTIONS_A_PARTY_MAX: Final = 20  # default: of one round


class QuestionStatus(StrEnum):
    """Where a question stands."""

    OPEN = "open"
    ANSWERED = "answered"


class QuestionTrigger(StrEnum):
    """What moves a question."""

    ANSWER = "answer"


QUESTION_TRANSITIONS: Final[Mapping[tuple[QuestionStatus, QuestionTrigger], QuestionStatus]] = {
    (QuestionStatus.OPEN, QuestionTrigger.ANSWER): QuestionStatus.ANSWERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a posted demand.

    Attributes:
        number: From 1 within its demand, in the order of asking.
        round: The posting that it was asked in.
        party_id: Who asks; nobody else reads it before the deadline, staff after it.
    """

    id: QuestionId
    demand_id: DemandId
    round: int
    number: int
    party_id: PartyId
    status: QuestionStatus
    text: str
    asked_at: datetime
    answer: str | None = None
    answered_at: datetime | None = None


class QuestionsClosed(Conflict):
    """The time for questions, or for answers, is over or has not begun."""

    code = "questions_closed"
    title_zh = "当前不在提问（答疑）期限内"
    title_en = "Questions or answers are not taken now"


class QuestionsTooMany(RuleBroken):
    """One party has asked as much as it may."""

    code = "questions_too_many"
    title_zh = "贵单位在本轮的提问已达上限"
    title_en = "Your party has asked as many questions as it may"


class AnswersInvalid(RuleBroken):
    """Some answers do not fit a question; ``errors`` says which."""

    code = "answers_invalid"
    title_zh = "部分答复没有对应的待答问题"
    title_en = "Some answers do not fit an open question"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


def check_asking(demand: Demand, *, asked: int, now: datetime) -> None:
    """Refuse a question outside its time, or one too many of a party.

    Args:
        asked: Questions of the party in this round so far.

    Raises:
        QuestionsClosed: The demand is not posted, or ``now >= questions_until``.
        QuestionsTooMany: The party has asked `QUESTIONS_A_PARTY_MAX`.

    Invariant: DM29.
    """
    until = None if demand.terms is None else demand.terms.questions_until
    if demand.status is not DemandStatus.POSTED or until is None or now >= until:
        raise QuestionsClosed("Questions are taken until the posted moment.", until=until)
    if asked >= QUESTIONS_A_PARTY_MAX:
        raise QuestionsTooMany("Put several into one.", maximum=QUESTIONS_A_PARTY_MAX)


def check_answering(demand: Demand, *, now: datetime) -> None:
    """Refuse an answer that proposers could not use any more.

    Raises:
        QuestionsClosed: Proposals are not taken any more.

    Invariant: DM30.
    """
    if not is_open(demand, now=now):
        raise QuestionsClosed("Answers are given until the deadline.", until=demand.closes_at)


def answer_all(
    questions: Collection[Question], answers: Mapping[int, str], *, now: datetime
) -> list[Question]:
    """Return questions with their answers, all or none.

    Args:
        questions: Of the present round.
        answers: By the question's number.

    Raises:
        AnswersInvalid: Names every number that is unknown or was answered.

    Invariant: DM30.
    """
    known = {question.number: question for question in questions}
    findings = Findings()
    for number in answers:
        found = known.get(number)
        fits = found is not None and found.status is QuestionStatus.OPEN
        findings.require(
            fits,
            f"answers.{number}",
            rule="question_unknown" if found is None else "question_answered",
            message="There is no such open question in this round.",
            accepted=sorted(q.number for q in questions if q.status is QuestionStatus.OPEN),
        )
    if findings.errors:
        raise AnswersInvalid(findings.summary(), errors=findings.errors)
    return [_answered(known[number], text, now) for number, text in sorted(answers.items())]


def _answered(question: Question, text: str, now: datetime) -> Question:
    return Question(
        id=question.id,
        demand_id=question.demand_id,
        round=question.round,
        number=question.number,
        party_id=question.party_id,
        status=advance(QUESTION_TRANSITIONS, state=question.status, trigger=QuestionTrigger.ANSWER),
        text=question.text,
        asked_at=question.asked_at,
        answer=text,
        answered_at=now,
    )
