"""A market's weights over HTTP: proposed, compared, refused, switched to, and what follows."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.feedback import Judgement, RejectionReason
from app.matching.domain.weights import DEFAULT, FACTORS
from app.matching.models import MatchEntryRow
from app.matching.repository.entries import lock
from app.matching.repository.weights import forget_results, lock_all
from app.matching.service.judging import give_feedback
from app.matching.service.weighting import REMATCH, active_weights, held_weights, rematch
from app.platform import journal, timers
from app.platform.access import Role
from app.platform.db import Database
from app.platform.timers import Timer
from app.shared.ids import MarketId, new_id
from tests.demands.board import done, refusal
from tests.matching.shown import Shown, put_result, weights_body
from tests.world import START, World

Json = dict[str, Any]


class Desk:
    """An operator's desk of weights."""

    def __init__(self, client: httpx.AsyncClient, world: World, session: AsyncSession) -> None:
        self.client, self.world, self.session = client, world, session
        self.path = f"/v1/markets/{world.market_id}/match-weights"

    async def post(self, path: str, sent: Json | None = None, role: str = "operator") -> Any:
        return await self.client.post(path, json=sent, headers=self.world.headers(role))

    async def proposed(self, **changes: Any) -> Json:
        told: Json = done(await self.post(self.path, weights_body(**changes)))
        return told

    async def compared(self, weights: Json, seed: int = 11) -> Json:
        path = f"/v1/match-weights/{weights['id']}/comparison"
        told: Json = done(await self.post(path, {"seed": seed}))
        return told

    async def activate(self, weights: Json) -> httpx.Response:
        answer: httpx.Response = await self.post(f"/v1/match-weights/{weights['id']}/activation")
        return answer

    async def listed(self, query: str = "", role: str = "auditor") -> Json:
        headers = self.world.headers(role)
        told: Json = done(await self.client.get(self.path + query, headers=headers))
        return told

    async def judged(self, results: int) -> None:
        """Let a buyer take the cheaper of two achievements, so often."""
        world = self.world
        for _ in range(results):
            good = Shown(new_id(), world.seller, 0.30, None, {"price": 1.0})
            bad = Shown(new_id(), world.seller, 0.40, None, {"price": 0.0})
            result = await put_result(
                self.session,
                [bad, good],
                market_id=world.market_id,
                party_id=world.buyer,
                computed_at=START,
            )
            for shown, judgement, reason in (
                (good, Judgement.ACCEPTED, None),
                (bad, Judgement.REJECTED, RejectionReason.PRICE_TOO_HIGH),
            ):
                await give_feedback(
                    self.session,
                    world.actor(Role.BUYER_STAFF),
                    result.id,
                    shown.entry_id,
                    judgement,
                    reason=reason,
                    text=None,
                    now=START + timedelta(hours=1),
                )


@pytest.fixture
def desk(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Desk:
    return Desk(client, world, session)


async def put_entry(session: AsyncSession, market_id: MarketId) -> UUID:
    entry_id = new_id()
    session.add(
        MatchEntryRow(
            id=entry_id,
            kind="demand",
            market_id=market_id,
            party_id=new_id(),
            revision=1,
            title="深孔镗削颤振抑制",
            keywords=["镗削"],
            text="加工深孔时刀杆颤振，表面粗糙度达不到要求。",
            laid_out=" 加工深孔时刀杆颤振  表面粗糙度达不到要求 ",
            modes=[],
            text_hash="0" * 64,
            matched_with="1 default-2026-11 2026-11 -",
        )
    )
    await session.flush()
    return entry_id


async def unmatched(session: AsyncSession) -> set[UUID]:
    rows = await session.scalars(
        select(MatchEntryRow.id).where(MatchEntryRow.matched_with.is_(None))
    )
    return set(rows)


async def test_a_proposal_changes_nothing(desk: Desk, session: AsyncSession) -> None:
    # MT46
    weights = await desk.proposed()
    assert (weights["version"], weights["status"]) == ("market-1", "proposed")
    seen = await desk.listed()
    assert seen["active"]["version"] == DEFAULT.version
    assert seen["active"]["text_bp"] == 7_500
    assert seen["items"] == [weights]
    assert await active_weights(session, desk.world.market_id) == DEFAULT
    events = await journal.history(session, UUID(weights["id"]))
    assert [event.type for event in events] == ["match_weights.proposed"]
    refusal(await desk.post(desk.path, weights_body(text_bp=4_999)), 400, "match_weights_invalid")


async def test_versions_are_listed_page_by_page_newest_first(desk: Desk) -> None:
    made = [await desk.proposed() for _ in range(3)]
    first = await desk.listed("?limit=2")
    rest = await desk.listed(f"?limit=2&cursor={first['next']}")
    assert [item["number"] for item in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["items"] == made[:1]
    assert rest["next"] is None


async def test_a_comparison_tells_both_and_is_kept(desk: Desk) -> None:
    # MT47, MT48
    await desk.judged(3)
    weights = await desk.proposed()
    found = await desk.compared(weights)
    assert (found["judgements"], found["results"], found["pairs"]) == (6, 3, 3)
    # By the default the words win, though the buyer took the cheaper one.
    assert found["candidate"]["pairwise"] == 1.0
    assert found["baseline_version"] == DEFAULT.version
    assert found["gain"]["pairwise"]["low"] <= found["gain"]["pairwise"]["high"]
    again = await desk.compared(weights)
    assert again | {"id": found["id"], "compared_at": found["compared_at"]} == found
    assert (await desk.listed())["items"][0]["comparison"] == again


async def test_no_switch_without_enough_judgements_and_a_fresh_comparison(desk: Desk) -> None:
    # MT49
    weights = await desk.proposed()
    told = refusal(await desk.activate(weights), 409, "match_weights_not_compared")
    assert (told["missing"], told["judgements_min"]) == (["comparison"], 30)
    await desk.judged(14)
    await desk.compared(weights)
    told = refusal(await desk.activate(weights), 409, "match_weights_not_compared")
    assert (told["missing"], told["judgements"]) == (["judgements"], 28)
    await desk.judged(1)
    await desk.compared(weights)
    await desk.proposed(reason="另一方案")
    told = refusal(await desk.activate(weights), 409, "match_weights_not_compared")
    assert told["missing"] == ["comparison_after_newest_weights"]
    assert (await desk.listed())["active"]["version"] == DEFAULT.version


async def test_a_switch_is_told_and_its_markets_entries_are_matched_anew(
    desk: Desk, world: World, session: AsyncSession
) -> None:
    # MT49, MT51
    own = {await put_entry(session, world.market_id) for _ in range(3)}
    await put_entry(session, world.other_market_id)
    await desk.judged(15)
    first = await desk.proposed()
    await desk.compared(first)
    told = done(await desk.activate(first))
    assert (told["status"], told["version"]) == ("active", "market-1")
    assert told["comparison"]["baseline_version"] == DEFAULT.version
    refusal(await desk.activate(first), 409, "transition_refused")
    active = await active_weights(session, world.market_id)
    assert (active.version, active.text, active.factors["price"]) == ("market-1", 0.5, 0.5)
    assert await active_weights(session, world.other_market_id) == DEFAULT
    weights_id = UUID(first["id"])
    due = await session.scalar(select(Timer).where(Timer.subject_id == weights_id))
    assert due is not None
    assert due.kind == REMATCH
    await rematch(session, weights_id, START)
    assert await unmatched(session) == own
    second = await desk.proposed(text_bp=10_000, factors_bp=dict.fromkeys(FACTORS, 0))
    await desk.compared(second)
    done(await desk.activate(second))
    found = (await desk.listed())["items"]
    assert [item["status"] for item in found] == ["active", "retired"]
    events = await journal.history(session, weights_id)
    assert [event.type.partition(".")[2] for event in events] == [
        "proposed",
        "compared",
        "activated",
        "retired",
    ]
    assert events[2].public["before"] == DEFAULT.version


async def test_entries_are_marked_slice_by_slice_and_what_was_matched_meanwhile_stays(
    desk: Desk, world: World, session: AsyncSession
) -> None:
    # MT51
    entries = sorted([await put_entry(session, world.market_id) for _ in range(5)])
    weights_id = UUID((await desk.proposed())["id"])
    assert await forget_results(session, weights_id, size=2) == 2
    assert await unmatched(session) == set(entries[:2])
    row = await session.get(MatchEntryRow, entries[0], populate_existing=True)
    assert row is not None
    row.matched_with = "1 market-1 2026-11 -"  # by the new weights
    await session.flush()
    sizes = [await forget_results(session, weights_id, size=2) for _ in range(2)]
    assert sizes == [2, 1]
    assert await unmatched(session) == set(entries[1:])


@pytest.mark.concurrency
async def test_a_switch_waits_for_results_that_are_being_kept(
    database: Database, own_world: World
) -> None:
    # MT51
    market_id, order = own_world.market_id, list[str]()
    async with database.transaction() as keeping, database.transaction() as beside:
        assert await held_weights(keeping, market_id) == DEFAULT
        assert await held_weights(beside, market_id) == DEFAULT  # results wait for none

        async def switch() -> None:
            async with database.transaction() as session:
                await lock_all(session, market_id)
                order.append("switched")

        switching = asyncio.create_task(switch())
        await asyncio.sleep(0.1)
        order.append("kept")
    await switching
    assert order == ["kept", "switched"]


@pytest.mark.concurrency
async def test_marking_and_matching_wait_for_each_other_in_no_ring(
    database: Database, own_world: World, own_client: httpx.AsyncClient
) -> None:
    """MT51: who matches an entry holds it, and then holds on to what it found."""
    async with database.transaction() as session:
        found, matched = sorted([await put_entry(session, own_world.market_id) for _ in range(2)])
        weights_id = UUID((await Desk(own_client, own_world, session).proposed())["id"])

    async def mark() -> int:
        async with database.transaction() as session:
            return await forget_results(session, weights_id, size=2)

    async with database.transaction() as session:
        await lock(session, matched)
        marking = asyncio.create_task(mark())
        await asyncio.sleep(0.2)  # it has the other one and waits for this one
        keep = select(MatchEntryRow.id).where(MatchEntryRow.id == found)
        await session.execute(keep.with_for_update(read=True, key_share=True))
    assert await marking == 2


async def test_weights_that_were_switched_away_mark_nothing(
    desk: Desk, world: World, session: AsyncSession
) -> None:
    await put_entry(session, world.market_id)
    weights_id = UUID((await desk.proposed())["id"])
    await rematch(session, weights_id, START)
    assert await unmatched(session) == set()
    assert not await timers.is_in_hand(session, kind=REMATCH, subject_id=weights_id)


@pytest.mark.parametrize("role", ["anonymous", "buyer_staff", "broker", "auditor"])
async def test_operators_alone_change_weights(desk: Desk, role: str) -> None:
    weights = await desk.proposed()
    status = 401 if role == "anonymous" else 403
    base = f"/v1/match-weights/{weights['id']}"
    asked: list[tuple[str, Json | None]] = [
        (desk.path, weights_body()),
        (f"{base}/comparison", {"seed": 1}),
        (f"{base}/activation", None),
    ]
    for path, sent in asked:
        assert (await desk.post(path, sent, role)).status_code == status
