"""Questions and confidentiality of posted demands over HTTP."""

from uuid import UUID

from app.demands.schemas.questions import (
    AcceptanceBody,
    AcceptanceView,
    AnsweredView,
    AnswersBody,
    ConfidentialityView,
    QuestionBody,
    QuestionView,
    RestrictedFilesBody,
    RestrictedFilesView,
)
from app.demands.service import confidentiality, questions, restricted_files
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId, FileId

routes = router(tag="demands")


@routes.post("/demands/{demand_id}/questions", status_code=201)
async def ask_question(
    demand_id: UUID, body: QuestionBody, actor: ActorDep, session: SessionDep
) -> QuestionView:
    """Ask about a posted demand; nobody learns who asks, staff only after the deadline."""
    now = await market_now(session, actor.market_id)
    question = await questions.ask_question(session, actor, DemandId(demand_id), body.text, now=now)
    return QuestionView.of(question, actor.party_id, names=False)


@routes.post("/demands/{demand_id}/answers")
async def answer_questions(
    demand_id: UUID, body: AnswersBody, actor: ActorDep, session: SessionDep
) -> AnsweredView:
    """Answer questions for everybody, in one notice; what was answered stays."""
    now = await market_now(session, actor.market_id)
    answered = await questions.answer_questions(
        session,
        actor,
        DemandId(demand_id),
        {item.number: item.answer for item in body.answers},
        now=now,
    )
    return AnsweredView(
        questions=[QuestionView.of(item, actor.party_id, names=False) for item in answered]
    )


@routes.get("/demands/{demand_id}/questions")
async def list_questions(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[QuestionView]:
    """List questions with their answers, in the order of asking.

    Those without an answer are the poster's, the staff's and their asker's to read, and
    everybody's once questions are not taken any more.
    """
    seen = await questions.list_questions(
        session,
        actor,
        DemandId(demand_id),
        after=0 if cursor is None else decode_cursor(cursor, _number)[0],
        limit=limit + 1,
    )
    found, party_id = seen.questions, actor.viewer.party_id
    return Page(
        items=[QuestionView.of(item, party_id, names=seen.names) for item in found[:limit]],
        next=encode_cursor(found[limit - 1].number) if len(found) > limit else None,
    )


def _number(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < 2**31:  # INTEGER
        raise ValueError("no number")
    return key


@routes.get("/demands/{demand_id}/confidentiality")
async def get_confidentiality(
    demand_id: UUID, actor: ActorDep, session: SessionDep
) -> ConfidentialityView:
    """Return the text that opens a demand's restricted part, with its hash."""
    return ConfidentialityView.of(
        await confidentiality.read_confidentiality(session, actor, DemandId(demand_id))
    )


@routes.post("/demands/{demand_id}/confidentiality")
async def accept_confidentiality(
    demand_id: UUID, body: AcceptanceBody, actor: ActorDep, session: SessionDep
) -> AcceptanceView:
    """Accept the text by its hash, once; the party then reads the restricted part."""
    now = await market_now(session, actor.market_id)
    return AcceptanceView.of(
        await confidentiality.accept_confidentiality(
            session, actor, DemandId(demand_id), text_hash=body.text_hash, now=now
        )
    )


@routes.put("/demands/{demand_id}/restricted-files")
async def set_restricted_files(
    demand_id: UUID, body: RestrictedFilesBody, actor: ActorDep, session: SessionDep
) -> RestrictedFilesView:
    """Set the files of the restricted part before the posting; they open with its text."""
    now = await market_now(session, actor.market_id)
    files = await restricted_files.set_files(
        session, actor, DemandId(demand_id), [FileId(item) for item in body.file_ids], now=now
    )
    return RestrictedFilesView(file_ids=list(files))
