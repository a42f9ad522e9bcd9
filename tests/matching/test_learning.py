"""Feedback on shown matches over HTTP: who may judge what, what is kept, and monthly figures."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.feedback import Judgement, Said, Side
from app.matching.domain.match import StoredResult
from app.matching.models import MatchFeedbackRow
from app.matching.repository import feedback as repository
from app.matching.repository import results
from app.matching.service.judging import give_feedback, record
from app.platform import journal
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.shared.ids import new_id
from app.shared.transitions import TransitionRefused
from tests.demands.board import done, refusal
from tests.matching.shown import Shown, put_result, result_of
from tests.platform.feed_harness import settled
from tests.world import START, World

Json = dict[str, Any]
EXPLAINED: Json = {"reason": "price_too_high", "text": "超出今年预算，明年再议"}


class Judges:
    """A buyer's result that showed two achievements of a seller, and who speaks of it."""

    def __init__(self, client: httpx.AsyncClient, world: World, result: StoredResult) -> None:
        self.client, self.world, self.result = client, world, result
        self.path = f"/v1/match-results/{result.id}/feedback"
        self.shown = [match["entry_id"] for match in result.matches]

    async def say(
        self, judgement: str, role: str = "buyer_staff", *, at: int = 0, **more: Any
    ) -> httpx.Response:
        key = more.pop("key", None) or str(new_id())
        who = more.pop("who", {})
        sent = {"entry_id": self.shown[at], "judgement": judgement} | more
        headers = self.world.headers(role, **who) | {"Idempotency-Key": key}
        return await self.client.post(self.path, json=sent, headers=headers)

    async def log(self, role: str = "buyer_staff", query: str = "") -> Json:
        headers = self.world.headers(role)
        return dict(done(await self.client.get(self.path + query, headers=headers)))


@pytest.fixture
async def judges(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Judges:
    shown = [
        Shown(new_id(), world.seller, 0.5, 0.9, {"field": 1.0, "price": 0.4}),
        Shown(new_id(), world.other_seller, 0.2, None),
    ]
    result = await put_result(
        session, shown, market_id=world.market_id, party_id=world.buyer, computed_at=START
    )
    return Judges(client, world, result)


async def test_a_judgement_keeps_the_match_as_it_was_shown(
    judges: Judges, session: AsyncSession
) -> None:
    # MT40
    told = done(await judges.say("rejected", **EXPLAINED))
    match = judges.result.matches[0]
    assert (told["shown_id"], told["entry_id"]) == (
        judges.shown[0],
        str(judges.result.entry_id),
    )
    assert (told["rank"], told["score"], told["verdict"]) == (1, match["score"], match["verdict"])
    assert told["values"]["price"] == 0.4
    assert told["values"]["region"] is None
    assert told["basis"]["weights"] == "default-2026-11"
    assert (told["side"], told["reason"], told["text"]) == ("party", *EXPLAINED.values())


async def test_each_judgement_is_one_event_that_tells_the_public_nothing(
    judges: Judges, session: AsyncSession
) -> None:
    # MT44
    done(await judges.say("rejected", **EXPLAINED))
    refusal(await judges.say("rejected", **EXPLAINED), 409, "transition_refused")
    done(await judges.say("accepted", "broker", who={"party_id": judges.world.third_buyer}))
    events = await journal.history(session, judges.result.id)
    assert [event.type for event in events] == ["match_result.judged"] * 2
    assert [event.public for event in events] == [{}, {}]
    assert events[0].restricted["text"] == EXPLAINED["text"]
    assert [set(event.audience) for event in events] == [
        {judges.world.buyer},
        {judges.world.buyer, judges.world.third_buyer},
    ]


async def test_a_repeated_request_says_it_once(judges: Judges, session: AsyncSession) -> None:
    key = str(new_id())
    first = await judges.say("meeting", key=key)
    again = await judges.say("meeting", key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert await session.scalar(select(func.count()).select_from(MatchFeedbackRow)) == 1


async def test_nothing_said_before_is_changed(judges: Judges) -> None:
    # MT42
    done(await judges.say("accepted"))
    done(await judges.say("rejected", **EXPLAINED))
    done(await judges.say("meeting", "broker"))
    done(await judges.say("offer", "operator"))
    refused = refusal(await judges.say("meeting", "operator"), 409, "transition_refused")
    assert refused["possible"] == ["deal", "rejected"]
    log = await judges.log("auditor")
    assert [(item["side"], item["judgement"]) for item in log["items"]] == [
        ("party", "accepted"),
        ("party", "rejected"),
        ("broker", "meeting"),
        ("staff", "offer"),
    ]
    page = await judges.log(query="?limit=3")
    rest = await judges.log(query=f"?limit=3&cursor={page['next']}")
    assert [*page["items"], *rest["items"]] == log["items"]
    assert rest["next"] is None


async def test_only_what_was_shown_is_judged_and_a_rejection_says_why(judges: Judges) -> None:
    # MT40, MT41
    told = refusal(
        await judges.say("accepted", entry_id=str(judges.result.entry_id)),
        400,
        "match_entry_not_shown",
    )
    assert told["accepted"] == judges.shown
    refusal(await judges.say("rejected"), 400, "match_reason_wrong")
    refusal(await judges.say("rejected", reason="too_dear"), 422, "request_invalid")
    assert (await judges.log())["items"] == []


@pytest.mark.parametrize(
    ("role", "who", "status"),
    [
        ("anonymous", {}, 401),
        ("expert", {}, 403),
        ("auditor", {}, 403),
        ("partner", {}, 403),
        ("seller_staff", {}, 403),  # what it showed is the seller's; the result is not
        ("buyer_staff", {"market": "other"}, 404),
        ("operator", {"market": "other"}, 404),
        ("buyer_staff", {}, 201),
        ("broker", {}, 201),
        ("operator", {}, 201),
    ],
)
async def test_the_party_brokers_and_staff_judge_and_nobody_else(
    judges: Judges, role: str, who: Json, status: int
) -> None:
    assert (await judges.say("accepted", role, who=who)).status_code == status


async def test_precision_is_read_by_month_from_what_was_said(
    judges: Judges, world: World, session: AsyncSession
) -> None:
    # MT50
    done(await judges.say("accepted"))
    done(await judges.say("rejected", "broker", at=1, reason="readiness_too_low"))
    await world.later(session, days=35)
    done(await judges.say("deal"))
    later = [Shown(new_id(), world.seller, 0.2, None)]
    result = await put_result(
        session,
        later,
        market_id=world.market_id,
        party_id=world.buyer,
        computed_at=await market_now(session, world.market_id),
    )
    done(await Judges(judges.client, world, result).say("rejected", reason="region"))
    path = f"/v1/markets/{world.market_id}/match-precision"
    headers = world.headers("operator")
    april, march = done(await judges.client.get(path, headers=headers))["months"]
    assert (april["month"], march["month"]) == ("2026-04", "2026-03")
    assert march["total"] == {"judged": 2, "relevant": 1, "rejected": 1, "precision_bp": 5000}
    assert march["by_verdict"]["strong"]["precision_bp"] == 10_000
    assert march["by_verdict"]["possible"]["precision_bp"] == 0
    assert march["by_weights"] == {"default-2026-11": march["total"]}
    assert march["reasons"] == {"readiness_too_low": 1}
    assert march["funnel"] == {"accepted": 1, "meeting": 1, "offer": 1, "deal": 1}
    assert april["total"]["precision_bp"] == 0
    only = done(await judges.client.get(f"{path}?months=1", headers=headers))["months"]
    assert only == [april]
    elsewhere = f"/v1/markets/{world.other_market_id}/match-precision"
    there = world.headers("operator", market="other")
    assert done(await judges.client.get(elsewhere, headers=there)) == {"months": []}
    assert (await judges.client.get(path, headers=world.headers("buyer_staff"))).status_code == 403


@pytest.mark.concurrency
async def test_two_who_speak_at_once_are_put_into_an_order_and_partners_are_not_told(
    database: Database, own_world: World, own_client: httpx.AsyncClient
) -> None:
    # MT42, MT44
    shown = Shown(new_id(), own_world.seller)
    result = result_of(
        [shown], market_id=own_world.market_id, party_id=own_world.buyer, computed_at=START
    )
    async with database.transaction() as session:
        await results.add(session, result)

    async def speak(role: Role) -> None:
        async with database.transaction() as session:
            await give_feedback(
                session,
                own_world.actor(role),
                result.id,
                shown.entry_id,
                Judgement.ACCEPTED,
                reason=None,
                text=None,
                now=START,
            )

    roles = [Role.BUYER_STAFF, Role.BUYER_STAFF, Role.OPERATOR, Role.BROKER]
    ended = await asyncio.gather(*(speak(role) for role in roles), return_exceptions=True)
    assert [type(item) for item in ended if item is not None] == [TransitionRefused]
    async with database.transaction() as session:
        log = await repository.log_of(session, result.entry_id, shown.entry_id)
        assert {said.side for said in log} == {Side.PARTY, Side.STAFF, Side.BROKER}
        assert len(log) == len(await journal.history(session, result.id)) == 3
    await settled(database)
    query = "/v1/events?type=match_result.judged"
    for role, told in ((Role.OPERATOR, 3), (Role.PARTNER, 0)):
        page = done(await own_client.get(query, headers=own_world.headers(role)))
        assert len(page["items"]) == told


async def test_a_result_of_one_entry_continues_what_was_said_of_an_earlier_one(
    judges: Judges, session: AsyncSession
) -> None:
    """A pair stands where it stood, whichever result is named."""
    # MT42
    done(await judges.say("accepted"))
    newer = result_of(
        [Shown(UUID(judges.shown[0]), judges.world.seller)],
        market_id=judges.world.market_id,
        party_id=judges.world.buyer,
        computed_at=START,
        entry_id=judges.result.entry_id,
    )
    await results.add(session, newer)
    said = Said(side=Side.PARTY, judge_id=judges.world.buyer, judgement=Judgement.ACCEPTED)
    shown_id = UUID(judges.shown[0])
    with pytest.raises(TransitionRefused):
        await record(session, newer, shown_id, said, actor="user:1", now=START)
