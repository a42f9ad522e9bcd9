"""Confidentiality over HTTP: accepted once by its hash, what it opens, who learns of it."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.diagnosis_handlers import CLOSING
from app.demands.domain.demand import DemandStatus
from app.demands.domain.proposal import ProposalStatus
from app.demands.repository import proposals
from app.platform.journal import history
from app.shared.canonical import salted_digest
from app.shared.ids import DemandId
from tests.demands.board import RESTRICTED, Board, Json, body, done, refusal, terms
from tests.demands.reviews import Hall
from tests.world import World

CLOSES = datetime.fromisoformat("2026-03-31T16:00:00+00:00")


async def told(board: Board, demand: Json, role: str = "anonymous", **who: Any) -> Json:
    return done(await board.get(f"demands/{demand['id']}/confidentiality", role, **who))


async def accept(board: Board, demand: Json, role: str = "seller_staff", **how: Any) -> Any:
    text_hash = how.pop("text_hash", None) or (await told(board, demand))["text_hash"]
    path = f"demands/{demand['id']}/confidentiality"
    return await board.post(path, role, {"text_hash": text_hash}, **how)


async def restricted_text(board: Board, demand: Json, role: str, **who: Any) -> str | None:
    text: str | None = done(await board.get(f"demands/{demand['id']}", role, **who))[
        "restricted_text"
    ]
    return text


async def test_who_accepts_reads_and_nobody_learns_of_it_before_the_deadline(
    board: Board, session: AsyncSession
) -> None:
    """DM31, DM32, DM33"""
    world = board.world
    demand = await board.posted(session, more=RESTRICTED)
    secret = RESTRICTED["restricted_text"]
    others = {"party_id": world.other_buyer}
    assert await restricted_text(board, demand, "seller_staff") is None
    given = done(await accept(board, demand))
    assert (await told(board, demand, "seller_staff"))["accepted_at"] is not None
    assert await restricted_text(board, demand, "seller_staff") == secret
    assert await restricted_text(board, demand, "seller_staff") == secret
    for role, who in (("anonymous", {}), ("buyer_staff", others), ("expert", others)):
        assert await restricted_text(board, demand, role, **who) is None
    for role in ("buyer_staff", "operator", "auditor"):
        assert await restricted_text(board, demand, role) == secret
        seen = await told(board, demand, role)
        assert (seen["accepted"], seen["readers"], seen["accepted_at"]) == (None, None, None)
    (event,) = await history(session, UUID(given["id"]))
    party, user = str(world.seller), str(world.users[world.seller])
    assert (event.public, event.audience) == ({}, [world.seller])
    assert party not in str(event.restricted)
    assert user not in str(event.restricted)
    plain = {"demand_id": demand["id"], "party_id": party, "text_hash": given["text_hash"]}
    assert event.restricted["digest"] == salted_digest(plain, bytes.fromhex(given["salt"]))
    of_demand = await history(session, UUID(demand["id"]))
    assert all("confid" not in event.type for event in of_demand)
    await world.at(session, CLOSES)
    seen = await told(board, demand, "buyer_staff")
    readers = {reader["party_id"]: reader["times"] for reader in seen["readers"]}
    assert seen["accepted"] == 1
    assert readers == {party: 2, str(world.operator): 1, str(world.auditor): 1}
    assert (await told(board, demand, "seller_staff"))["readers"] is None


async def test_after_the_deadline_proposers_and_the_declared_panel_read(hall: Hall) -> None:
    """DM32: whoever consents to a lead that names it nowhere learns nothing of that lead."""
    board, world, session = hall.board, hall.world, hall.session
    demand = await board.posted(session, more=RESTRICTED)
    other: Json = {"party_id": world.other_seller}
    done(await accept(board, demand))
    done(await accept(board, demand, party_id=world.other_seller))
    hall.demand_id = demand["id"]
    lead = {"lead_party_id": str(world.seller)}
    done(await board.put(f"demands/{demand['id']}/consortium", "seller_staff", lead, **other))
    await board.put_in(session, demand["id"], DemandStatus.CLOSED)
    await hall.propose("seller", price_minor=70_000_000)
    secret = RESTRICTED["restricted_text"]
    assert await restricted_text(board, demand, "seller_staff") == secret
    assert await restricted_text(board, demand, "seller_staff", **other) is None
    done(await hall.act("review", "operator"))
    await hall.summon()
    done(await hall.act("review/panel", "operator", hall.panel()))
    expert = hall.experts[0]

    async def read() -> str | None:
        text: str | None = done(await hall.get(f"demands/{demand['id']}", expert))[
            "restricted_text"
        ]
        return text

    assert await read() is None
    await hall.declared([expert])
    assert await read() == secret
    found = await proposals.find_of_party(session, DemandId(UUID(demand["id"])), 1, world.seller)
    assert found is not None
    await proposals.save(session, replace(found, status=ProposalStatus.WITHDRAWN))
    assert await restricted_text(board, demand, "seller_staff") is None


async def test_a_text_is_accepted_once_by_its_hash_by_who_may_answer(
    board: Board, session: AsyncSession
) -> None:
    """DM31"""
    world = board.world
    demand = await board.posted(session, more=RESTRICTED)
    other = await board.posted(session, more=RESTRICTED)
    foreign = (await told(board, other))["text_hash"]
    right = (await told(board, demand))["text_hash"]
    wrong = refusal(await accept(board, demand, text_hash=foreign), 409, "confidence_differs")
    assert wrong["accepted"] == right
    refusal(await accept(board, demand, "buyer_staff"), 403, "not_an_answerer")
    done(await accept(board, demand))
    refusal(await accept(board, demand), 409, "confidence_accepted")
    public = await board.posted(session)
    refusal(await accept(board, public), 409, "nothing_confidential")
    early = await board.reviewed(session, **RESTRICTED)
    refusal(await accept(board, early, text_hash=right), 404, "object_unknown")
    await world.at(session, CLOSES)
    late = await accept(board, demand, party_id=world.other_seller)
    refusal(late, 409, "confidence_closed")


async def upload(board: Board, name: str, role: str = "buyer_staff") -> str:
    answer = await board.client.post(
        "/v1/files",
        files={"file": (name, f"{name}的内容".encode())},
        data={"audience": "owner"},
        headers=board.world.headers(role),
    )
    return str(done(answer)["id"])


async def test_files_of_the_restricted_part_open_and_close_with_its_text(
    board: Board, session: AsyncSession
) -> None:
    """DM34"""
    first, second, foreign = [
        await upload(board, name, role)
        for name, role in (
            ("装夹图.txt", "buyer_staff"),
            ("频响.txt", "buyer_staff"),
            ("他人.txt", "seller_staff"),
        )
    ]
    demand = await board.reviewed(session, **RESTRICTED)
    path = f"demands/{demand['id']}"

    async def put(*files: str, of: str = path) -> Any:
        return await board.put(f"{of}/restricted-files", "buyer_staff", {"file_ids": list(files)})

    async def readable() -> list[bool]:
        answers = [
            await board.get(f"files/{one}/content", "seller_staff") for one in (first, second)
        ]
        return [answer.status_code == 200 for answer in answers]

    refusal(await put(first, foreign), 404, "object_unknown")
    done(await put(first, second))
    assert done(await put(first))["file_ids"] == [first]
    done(await board.post(f"{path}/posting", "operator", {"terms": terms()}))
    refusal(await put(second), 409, "restricted_files_fixed")
    public = await board.reviewed(session)
    refusal(await put(first, of=f"demands/{public['id']}"), 409, "restricted_files_fixed")
    assert await readable() == [False, False]
    assert (await told(board, demand, "seller_staff"))["files"] is None
    done(await accept(board, demand))
    assert await readable() == [True, False]
    assert (await told(board, demand, "seller_staff"))["files"] == [first]
    done(await board.post(f"{path}/withdrawal", "buyer_staff", {"reason": "产品停产"}))
    events = await history(session, UUID(demand["id"]))
    assert events[-1].type in CLOSING.types
    await CLOSING.react(session, events[-1])
    assert await readable() == [False, False]
    assert (await told(board, demand, "seller_staff"))["files"] is None


@pytest.mark.concurrency
async def test_of_two_acceptances_at_once_one_holds_and_of_two_consents_the_last_merges(
    own_client: httpx.AsyncClient, own_world: World
) -> None:
    """DM24, DM31: nobody can count acceptances in the feed either."""
    board = Board(own_client, own_world)
    other = {"party_id": own_world.other_buyer}
    demand = await board.submitted(**RESTRICTED)
    path = f"demands/{demand['id']}"
    done(await board.post(f"{path}/diagnosis/decision", "operator", {"outcome": "clear"}))
    done(await board.post(f"{path}/posting", "operator", {"terms": terms()}))
    first, second = await asyncio.gather(accept(board, demand), accept(board, demand))
    assert {first.status_code, second.status_code} == {200, 409}
    told_to_staff = (await board.get("events?limit=200", "operator")).json()["items"]
    assert {item["subject"] for item in told_to_staff} & {"demand", "confidentiality"} == {"demand"}
    mine = await board.submitted()
    theirs = done(await board.post("demands", "buyer_staff", body(), **other))
    sent = {"outcome": "merge", "reason": "两项需求对象相同。", "merge_into": theirs["id"]}
    path = f"demands/{mine['id']}/diagnosis/decision"
    asked = done(await board.post(path, "operator", sent))["asked"]
    consent = {"reshaping_id": asked["id"], "consents": True}
    answers = await asyncio.gather(
        board.post(f"demands/{mine['id']}/consent", "buyer_staff", consent),
        board.post(f"demands/{theirs['id']}/consent", "buyer_staff", consent, **other),
    )
    assert sorted(done(answer)["status"] for answer in answers) == ["asked", "done"]
    merged = done(await board.get(f"demands/{mine['id']}", "buyer_staff"))
    assert (merged["status"], merged["merged_into"]) == ("merged", theirs["id"])
