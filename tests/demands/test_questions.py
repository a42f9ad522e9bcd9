"""Questions over HTTP: who may ask, who learns who asked, answers for everybody."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain import question as rules
from app.demands.domain.question import QuestionStatus, QuestionTrigger
from app.identity.public import PartyStatus, add_membership, create_party, create_user
from app.platform import timers
from app.platform.access import SYSTEM, Role
from app.platform.db import Database
from app.platform.journal import history
from app.platform.runtime import Runtime
from app.shared.ids import PartyId
from app.shared.transitions import TransitionRefused, advance
from tests.demands.board import Board, Json, done, refusal
from tests.world import START, organisation

UNTIL = datetime.fromisoformat("2026-03-20T16:00:00+00:00")
CLOSES = datetime.fromisoformat("2026-03-31T16:00:00+00:00")
TEXT = "缸筒材料是否固定为42CrMo？"


async def ask(board: Board, demand: Json, role: str = "seller_staff", **who: Any) -> Any:
    sent = {"text": who.pop("text", TEXT)}
    return await board.post(f"demands/{demand['id']}/questions", role, sent, **who)


async def answer(board: Board, demand: Json, *numbers: int) -> Any:
    sent = {"answers": [{"number": number, "answer": "固定为42CrMo。"} for number in numbers]}
    return await board.post(f"demands/{demand['id']}/answers", "buyer_staff", sent)


async def listed(board: Board, demand: Json, role: str = "anonymous", **who: Any) -> list[Json]:
    found = done(await board.get(f"demands/{demand['id']}/questions", role, **who))
    items: list[Json] = found["items"]
    return items


async def test_nobody_learns_who_asks_before_the_deadline(
    board: Board, session: AsyncSession
) -> None:
    """DM29"""
    world = board.world
    demand = await board.posted(session)
    asked = done(await ask(board, demand))
    assert (asked["number"], asked["own"], asked["party_id"]) == (1, True, None)
    done(await ask(board, demand, "buyer_staff", party_id=world.other_buyer, text="工期能否延长？"))
    seller, asker = str(world.seller), str(world.users[world.seller])
    assert [item["own"] for item in await listed(board, demand, "seller_staff")] == [True]
    assert await listed(board, demand) == []
    for role in ("buyer_staff", "operator", "auditor"):
        found = await listed(board, demand, role)
        assert [item["number"] for item in found] == [1, 2]
        assert [item["party_id"] for item in found] == [None, None]
    events = await history(session, UUID(demand["id"]))
    told = [event for event in events if event.type == "demand.question_asked"]
    assert [event.public["question"] for event in told] == [1, 2]
    for event in told:
        everything = str((event.public, event.restricted, event.audience))
        assert seller not in everything
        assert asker not in everything
    feed = await board.get("events?limit=200", "operator")
    assert seller not in str([item for item in done(feed)["items"] if "question" in item["type"]])
    done(await answer(board, demand, 1))
    await world.at(session, CLOSES)
    assert [item["party_id"] for item in await listed(board, demand, "operator")] == [
        seller,
        str(world.other_buyer),
    ]
    assert {item["party_id"] for item in await listed(board, demand, "buyer_staff")} == {None}


async def test_answers_are_for_everybody_and_stay(board: Board, session: AsyncSession) -> None:
    """DM30"""
    demand = await board.posted(session)
    for _ in range(3):
        done(await ask(board, demand))
    told = refusal(await answer(board, demand, 1, 9), 400, "answers_invalid")
    assert [(item["field"], item["accepted"]["accepted"]) for item in told["errors"]] == [
        ("answers.9", [1, 2, 3])
    ]
    done(await answer(board, demand, 1, 2))
    refusal(await answer(board, demand, 2), 400, "answers_invalid")
    assert [item["answer"] for item in await listed(board, demand)] == ["固定为42CrMo。"] * 2
    notices = done(await board.get(f"demands/{demand['id']}/notices"))["items"]
    assert notices[-1]["kind"] == "answers"
    assert notices[-1]["content"]["answers"][0] == {
        "number": 1,
        "question": TEXT,
        "answer": "固定为42CrMo。",
    }
    page = done(await board.get(f"demands/{demand['id']}/questions?limit=1", "buyer_staff"))
    rest = await board.get(f"demands/{demand['id']}/questions?cursor={page['next']}", "buyer_staff")
    assert [item["number"] for item in done(rest)["items"]] == [2, 3]
    await board.world.at(session, UNTIL)  # what has no answer, everybody now reads
    assert [item["status"] for item in await listed(board, demand)] == [
        "answered",
        "answered",
        "open",
    ]
    done(await answer(board, demand, 3))
    await board.world.at(session, CLOSES)
    refusal(await answer(board, demand, 3), 409, "questions_closed")


async def test_questions_are_taken_half_open_and_of_answerers_only(
    board: Board, session: AsyncSession
) -> None:
    """DM29"""
    world = board.world
    early = await board.reviewed(session)
    refusal(await ask(board, early), 404, "object_unknown")
    demand = await board.posted(session)
    own = refusal(await ask(board, demand, "buyer_staff"), 403, "not_an_answerer")
    assert own["reason"] == "own_demand"
    persons = await board.posted(session, more={"who_may_answer": ["person"]})
    kind = refusal(await ask(board, persons), 403, "not_an_answerer")
    assert (kind["reason"], kind["accepted"]) == ("kind_not_admitted", ["person"])
    pending = await _pending(board, session)
    refusal(await ask(board, demand, party_id=pending), 400, "party_not_verified")
    await world.at(session, UNTIL - timedelta(minutes=1))
    done(await ask(board, demand))
    await world.at(session, UNTIL)
    refusal(await ask(board, demand), 409, "questions_closed")


async def _pending(board: Board, session: AsyncSession) -> PartyId:
    world = board.world
    party_id = await create_party(
        session,
        market_id=world.market_id,
        new=organisation(77, "待审科技有限公司"),
        status=PartyStatus.PENDING,
        actor=SYSTEM,
        now=START,
    )
    user = await create_user(session, login="pending", password_hash="-", display_name="待审")
    await add_membership(
        session,
        user_id=user,
        party_id=party_id,
        market_id=world.market_id,
        role=Role.SELLER_STAFF,
    )
    return party_id


async def test_one_party_does_not_ask_without_end(
    board: Board, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DM29"""
    monkeypatch.setattr(rules, "QUESTIONS_A_PARTY_MAX", 2)
    demand = await board.posted(session)
    for _ in range(2):
        done(await ask(board, demand))
    refusal(await ask(board, demand), 400, "questions_too_many")
    done(await ask(board, demand, party_id=board.world.other_seller))


async def test_what_stays_without_an_answer_is_told_to_all_and_to_the_poster(
    board: Board, session: AsyncSession, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """DM30"""
    demand = await board.posted(session)
    done(await ask(board, demand))
    done(await ask(board, demand))
    done(await answer(board, demand, 1))
    later = {"closes_at": "2026-04-30T16:00:00Z", "questions_until": "2026-04-10T16:00:00Z"}
    path = f"demands/{demand['id']}/extension"
    done(await board.post(path, "operator", later | {"reason": "提问较多，延长时间。"}))

    async def topics(moment: datetime) -> set[str]:
        await board.world.at(session, moment)
        while await timers.run_one(rolled_back, shared_runtime.timer_handlers):
            pass
        found = done(await board.get("notifications", "buyer_staff"))["items"]
        return {item["topic"] for item in found}

    assert await topics(UNTIL) == {"demands.question_asked"}
    over = datetime.fromisoformat(later["questions_until"])
    assert "demands.answers_overdue" in await topics(over)
    events = await history(session, UUID(demand["id"]))
    told = next(event for event in events if event.type == "demand.questions_over")
    assert told.public["unanswered"] == [2]


@pytest.mark.parametrize("state", QuestionStatus)
def test_every_state_of_a_question_against_every_trigger(state: QuestionStatus) -> None:
    """DM30"""
    for trigger in QuestionTrigger:
        if (state, trigger) in rules.QUESTION_TRANSITIONS:
            assert advance(rules.QUESTION_TRANSITIONS, state=state, trigger=trigger) is (
                QuestionStatus.ANSWERED
            )
        else:
            with pytest.raises(TransitionRefused):
                advance(rules.QUESTION_TRANSITIONS, state=state, trigger=trigger)
