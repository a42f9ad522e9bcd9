"""Bodies and views of questions and of confidentiality."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from app.demands.domain.confidence import (
    CONFIDENTIALITY_TEXT,
    ConfidenceGiven,
    confidence_hash,
)
from app.demands.domain.content import Confidentiality
from app.demands.domain.question import Question, QuestionStatus
from app.demands.service.confidentiality import ConfidenceSeen
from app.platform.schema import Body, UtcView, View, printable
from app.shared.ids import PartyId

Text = Annotated[str, Field(min_length=5, max_length=2_000), AfterValidator(printable)]


class QuestionBody(Body):
    """What is asked; do not write who asks, for everybody will read it."""

    text: Text


class AnswerBody(Body):
    """An answer to one question."""

    number: int = Field(ge=1, le=2**31 - 1)
    answer: Text


class AnswersBody(Body):
    """Answers that are published in one notice."""

    answers: Annotated[list[AnswerBody], Field(min_length=1, max_length=100)]


class QuestionView(View):
    """A question; who asked is null but for staff after the deadline."""

    number: int
    round: int
    status: QuestionStatus
    text: str
    asked_at: UtcView
    answer: str | None
    answered_at: UtcView | None
    own: bool = Field(description="Whether the caller's party asked it")
    party_id: UUID | None

    @classmethod
    def of(cls, question: Question, party_id: PartyId | None, *, names: bool) -> Self:
        """Return the view for a party, ``None`` for the anonymous."""
        return cls(
            number=question.number,
            round=question.round,
            status=question.status,
            text=question.text,
            asked_at=question.asked_at,
            answer=question.answer,
            answered_at=question.answered_at,
            own=question.party_id == party_id,
            party_id=question.party_id if names else None,
        )


class AnsweredView(View):
    """Questions that were answered now."""

    questions: list[QuestionView]


class AcceptanceBody(Body):
    """The hash of the text that was read."""

    text_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AcceptanceView(View):
    """That a party accepted a demand's confidentiality."""

    id: UUID
    demand_id: UUID
    text_hash: str
    accepted_at: UtcView
    salt: str = Field(description="With it the digest in the journal can be recomputed")

    @classmethod
    def of(cls, given: ConfidenceGiven) -> Self:
        """Return the view of an acceptance for its party."""
        return cls.model_validate(given)


class ReaderView(View):
    """A party that read the restricted text."""

    party_id: UUID
    first_read_at: UtcView
    last_read_at: UtcView
    times: int


class ConfidentialityView(View):
    """What is to be accepted, and who did as far as it is for the caller."""

    confidentiality: Confidentiality
    text: str
    text_hash: str
    accepted_at: UtcView | None = Field(description="By the caller's own party")
    accepted: int | None = Field(
        description="How many parties accepted; for poster and exchange after the deadline"
    )
    readers: list[ReaderView] | None = Field(
        description="Who read the restricted text; for poster and exchange after the deadline"
    )

    files: list[UUID] | None = Field(
        description="Of the restricted part, for who may read it; open to read as files"
    )

    @classmethod
    def of(cls, seen: ConfidenceSeen) -> Self:
        """Return the view for a viewer."""
        return cls(
            confidentiality=seen.demand.content.confidentiality,
            text=CONFIDENTIALITY_TEXT,
            text_hash=confidence_hash(seen.demand),
            accepted_at=None if seen.own is None else seen.own.accepted_at,
            accepted=seen.accepted,
            readers=(
                None
                if seen.readers is None
                else [ReaderView.model_validate(reader) for reader in seen.readers]
            ),
            files=None if seen.files is None else list(seen.files),
        )


class RestrictedFilesBody(Body):
    """Files of the restricted part, in the place of those before."""

    file_ids: list[UUID] = Field(max_length=20)


class RestrictedFilesView(View):
    """Files of the restricted part."""

    file_ids: list[UUID]
