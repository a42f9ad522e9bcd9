"""Challenge events over HTTP: announced, changed, run on the demands' own results, paid."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.demands.models.proposals import ProposalRow
from app.demands.service.challenges import BEGIN, begin_challenge
from app.ledger import public as ledger
from app.platform.access import SYSTEM
from app.platform.db import Base
from app.platform.journal import history
from app.platform.timers import claim_until
from app.shared.canonical import digest
from app.shared.ids import EntryId, PartyId, new_id
from app.shared.money import Money
from tests.demands.board import Board, Json, done, refusal, yuan
from tests.world import START


def day(number: int) -> datetime:
    return (START + timedelta(days=number)).astimezone(UTC)


def stage(kind: str, title: str, first: int, last: int) -> Json:
    return {
        "kind": kind,
        "title": title,
        "starts_at": day(first).isoformat(),
        "ends_at": day(last).isoformat(),
    }


def event(board: Board, **changes: Any) -> Json:
    return {
        "title": "西溪杯先进制造创新挑战赛",
        "rules": "列入赛事的需求,其揭榜方案自动参赛;各赛段结果以评审结果为准。",
        "stages": [
            stage("registration", "报名", 1, 30),
            stage("preliminary", "初赛", 30, 40),
            stage("final", "决赛", 50, 60),
        ],
        "prizes": [
            {
                "name": "一等奖",
                "amount": yuan("100000.00"),
                "count": 1,
                "funding": "escrow",
                "sponsor_id": str(board.world.third_buyer),
                "sponsor_name": "甬江生物有限公司",
            },
            {
                "name": "优胜奖",
                "amount": yuan("10000.00"),
                "count": 2,
                "funding": "outside",
                "sponsor_name": "市科技局",
            },
        ],
    } | changes


async def drafted(board: Board, **changes: Any) -> Json:
    return done(await board.post("challenges", "operator", event(board, **changes)))


async def announced(board: Board) -> Json:
    made = await drafted(board)
    return done(await board.post(f"challenges/{made['id']}/announcement", "operator"))


async def running(board: Board, session: AsyncSession) -> tuple[str, Json]:
    """Return the path of an event that runs, and its one demand, open for proposals."""
    made = await announced(board)
    demand = await board.posted(session, closes_at="2026-03-31T16:00:00Z")
    path = f"challenges/{made['id']}"
    done(await board.post(f"{path}/demands", "operator", {"demand_id": demand["id"]}))
    await board.world.at(session, day(1))
    await begin_challenge(session, UUID(made["id"]), day(1))
    return path, demand


async def proposal(
    session: AsyncSession, demand: Json, party_id: PartyId, code: str, status: str
) -> str:
    """Put a proposal into a demand's round, in a state that a review would have left it in."""
    opened = status not in {"handed_in", "withdrawn"}
    row = ProposalRow(
        id=new_id(),
        demand_id=UUID(demand["id"]),
        market_id=UUID(demand["market_id"]),
        round=1,
        party_id=party_id,
        code=code,
        status=status,
        version=1,
        members=[],
        commitment="0" * 64,
        sealed=b"",
        handed_in_at=day(2),
        price_minor=1 if opened else None,
        currency="CNY" if opened else None,
        content={} if opened else None,
        opened_at=day(30) if opened else None,
        reason="不符合申报条件" if status == "excluded" else None,
        findings=[],
        grounds=[],
    )
    session.add(row)
    await session.flush()
    return str(row.id)


async def funded(board: Board, session: AsyncSession, party_id: PartyId, amount: str) -> None:
    await ledger.receive(
        session,
        entry_id=EntryId(new_id()),
        market_id=board.world.market_id,
        party_id=party_id,
        amount=Money.parse(amount),
        reference="赛事奖金",
        at=START,
        actor=SYSTEM,
    )


async def funds(board: Board, session: AsyncSession, party_id: PartyId) -> str:
    kept = await ledger.funds_of(session, market_id=board.world.market_id, party_id=party_id)
    return str(kept)


async def test_a_draft_is_the_staffs_and_an_announcement_everybodys(board: Board) -> None:
    """DM120, DM121, DM126"""
    made = await drafted(board)
    path = f"challenges/{made['id']}"
    refusal(await board.get(path), 404, "object_unknown")
    assert done(await board.get("challenges"))["items"] == []
    mine = done(await board.get(f"challenges?market_id={board.world.market_id}", "operator"))
    assert [item["id"] for item in mine["items"]] == [made["id"]]
    edited = event(board, title="西溪杯挑战赛")
    refusal(await board.put(path, "operator", edited), 409, "challenge_changed")
    assert done(await board.put(path, "operator", edited, seen='"1"'))["version"] == 2
    told = done(await board.post(f"{path}/announcement", "operator"))
    assert (told["status"], told["title"]) == ("announced", "西溪杯挑战赛")
    [notice] = done(await board.get(f"{path}/notices"))["items"]
    assert (notice["kind"], notice["number"]) == ("announcement", f"{made['number']}-N1")
    assert notice["content_hash"] == digest(notice["content"]) == told["terms_hash"]
    assert notice["content"]["content"]["title"] == "西溪杯挑战赛"
    refusal(await board.post(f"{path}/announcement", "operator"), 409, "transition_refused")
    refusal(await board.get(f"{path}/notices?cursor=bm8"), 400, "cursor_invalid")
    page = done(await board.get("challenges?limit=1"))
    assert [item["id"] for item in page["items"]] == [made["id"]]


async def test_all_faults_are_told_and_strangers_sponsor_nothing(board: Board) -> None:
    """DM121"""
    broken = event(board, stages=[stage("registration", "报名", 0, 0)])
    told = refusal(await board.post("challenges", "operator", broken), 400, "challenge_invalid")
    assert {error["rule"] for error in told["errors"]} == {
        "final_missing",
        "stage_empty",
        "starts_in_the_past",
    }
    strange = event(board)
    strange["prizes"][0]["sponsor_id"] = str(board.world.buyer_elsewhere)
    refusal(await board.post("challenges", "operator", strange), 404, "object_unknown")


async def test_a_change_is_published_with_its_reason(board: Board, session: AsyncSession) -> None:
    """DM122, DM126"""
    made = await announced(board)
    path = f"challenges/{made['id']}"
    later = event(board)
    later["stages"][0]["starts_at"] = day(2).isoformat()
    refusal(await board.put(path, "operator", later, seen='"1"'), 400, "demand_reason_missing")
    later["reason"] = "报名通道延期开放"
    changed = done(await board.put(path, "operator", later, seen='"1"'))
    assert changed["terms_hash"] != made["terms_hash"]
    kinds = [item["kind"] for item in done(await board.get(f"{path}/notices"))["items"]]
    assert kinds == ["announcement", "change"]
    # The timer follows, and one that comes too early begins nothing.
    await begin_challenge(session, UUID(made["id"]), day(1))
    assert done(await board.get(path))["challenge"]["status"] == "announced"
    due = await claim_until(session, board.world.market_id, day(2))
    assert due is not None
    assert (due.kind, due.due_at) == (BEGIN, day(2))
    await begin_challenge(session, UUID(made["id"]), day(2))
    assert done(await board.get(path))["challenge"]["status"] == "running"
    less = later | {"prizes": later["prizes"][:1]}
    refusal(await board.put(path, "operator", less, seen='"2"'), 400, "challenge_invalid")


async def test_a_demand_joins_one_event_while_it_is_open(
    board: Board, session: AsyncSession
) -> None:
    """DM123"""
    first, second = await announced(board), await announced(board)
    paths = [f"challenges/{made['id']}" for made in (first, second)]
    posted, cleared = await board.posted(session), await board.reviewed(session)
    fresh = await board.submitted()
    refusal(
        await board.post(f"{paths[0]}/demands", "operator", {"demand_id": fresh["id"]}),
        409,
        "demand_not_attachable",
    )
    for demand in (posted, cleared):
        sent = {"demand_id": demand["id"]}
        done(await board.post(f"{paths[0]}/demands", "operator", sent))
        for path in paths:
            refusal(await board.post(f"{path}/demands", "operator", sent), 409, "demand_attached")
    # What is not posted is nobody's business yet, in the event as on the board.
    for role, seen in (("anonymous", [posted]), ("operator", [posted, cleared])):
        told = done(await board.get(paths[0], role))["demands"]
        assert {item["id"] for item in told} == {demand["id"] for demand in seen}
    found = done(await board.get(f"demands?challenge_id={first['id']}"))["items"]
    assert [item["id"] for item in found] == [posted["id"]]
    events = await history(session, UUID(first["id"]))
    assert [cleared["id"] in str(event.public) for event in events] == [False] * len(events)
    done(await board.post(f"{paths[0]}/cancellation", "operator", {"reason": "赛事取消"}))
    refusal(
        await board.post(f"{paths[0]}/demands", "operator", {"demand_id": posted["id"]}),
        409,
        "transition_refused",
    )
    done(await board.post(f"{paths[1]}/demands", "operator", {"demand_id": posted["id"]}))


async def test_stages_follow_the_demands_results_and_prizes_are_paid_once(
    board: Board, session: AsyncSession
) -> None:
    """DM124, DM125, DM127, DM128"""
    world = board.world
    path, demand = await running(board, session)
    parties = (world.seller, world.other_seller, world.other_buyer)
    won, lost, left_out = [
        await proposal(session, demand, party, f"P{place}", status)
        for place, (party, status) in enumerate(
            zip(parties, ("winner", "not_chosen", "excluded"), strict=True), start=1
        )
    ]
    results = f"{path}/results"
    refusal(await board.post(results, "operator"), 409, "stage_not_over")
    await world.at(session, day(30))
    told = refusal(await board.post(results, "operator"), 409, "demands_not_ready")
    assert told["demand_ids"] == [demand["id"]]
    await board.put_in(session, demand["id"], DemandStatus.EVALUATING)
    done(await board.post(results, "operator"))
    await world.at(session, day(60))
    done(await board.post(results, "operator"))
    refusal(await board.post(results, "operator"), 409, "demands_not_ready")
    refusal(await board.post(f"{path}/finish", "operator"), 409, "stage_not_over")
    award = {"prize": 0, "proposal_id": won}
    refusal(await board.post(f"{path}/awards", "operator", award), 400, "prize_not_due")
    await board.put_in(session, demand["id"], DemandStatus.CONTRACTED)
    done(await board.post(results, "operator"))
    refusal(await board.post(results, "operator"), 409, "stage_not_over")
    detail = done(await board.get(path))
    codes = [[entry["code"] for entry in stage_] for stage_ in detail["results"]]
    assert codes == [["P1", "P2", "P3"], ["P1", "P2"], ["P1"]]
    # Codes until the final, names in it.
    named = [[entry["party_id"] is not None for entry in stage_] for stage_ in detail["results"]]
    assert named == [[False] * 3, [False] * 2, [True]]
    assert str(world.other_buyer) not in str(done(await board.get(f"{path}/notices")))

    for sent, status, code in (
        (award, 409, "prize_not_funded"),
        (award | {"prize": 2}, 400, "prize_unknown"),
        (award | {"proposal_id": lost}, 400, "prize_not_due"),
        (award | {"prize": 1}, 400, "prize_reference_missing"),
    ):
        refusal(await board.post(f"{path}/awards", "operator", sent), status, code)
    sponsor = {"party_id": world.third_buyer}
    funding = f"{path}/funding"
    refusal(await board.post(funding, "buyer_staff", {"prize": 0}), 403, "not_yours")
    refusal(
        await board.post(funding, "buyer_staff", {"prize": 0}, **sponsor), 409, "insufficient_funds"
    )
    await funded(board, session, world.third_buyer, "150000.00")
    refusal(await board.post(funding, "buyer_staff", {"prize": 9}, **sponsor), 400, "prize_unknown")
    done(await board.post(funding, "buyer_staff", {"prize": 0}, **sponsor))
    refusal(await board.post(funding, "buyer_staff", {"prize": 0}, **sponsor), 409, "prize_funded")
    assert await funds(board, session, world.third_buyer) == "50000.00"
    given = done(await board.post(f"{path}/awards", "operator", award))
    assert (given["place"], given["amount"]["amount"]) == (1, "100000.00")
    refusal(await board.post(f"{path}/awards", "operator", award), 409, "prize_awarded")
    assert await funds(board, session, world.seller) == "100000.00"
    cancel = {"reason": "赛事取消"}
    refusal(await board.post(f"{path}/cancellation", "operator", cancel), 409, "prize_awarded")
    done(await board.post(f"{path}/finish", "operator"))
    assert await funds(board, session, world.third_buyer) == "50000.00"
    assert left_out not in str(done(await board.get(path)))
    refusal(await board.post(f"{path}/finish", "operator"), 409, "transition_refused")


async def test_money_of_prizes_that_are_not_given_goes_back(
    board: Board, session: AsyncSession
) -> None:
    """DM127, DM128"""
    world = board.world
    path, _ = await running(board, session)
    await funded(board, session, world.third_buyer, "100000.00")
    sponsor = {"party_id": world.third_buyer}
    done(await board.post(f"{path}/funding", "buyer_staff", {"prize": 0}, **sponsor))
    assert await funds(board, session, world.third_buyer) == "0.00"
    refusal(await board.post(f"{path}/cancellation", "operator", {}), 400, "demand_reason_missing")
    done(await board.post(f"{path}/cancellation", "operator", {"reason": "赛事取消"}))
    assert await funds(board, session, world.third_buyer) == "100000.00"
    kinds = [item["kind"] for item in done(await board.get(f"{path}/notices"))["items"]]
    assert kinds[-1] == "cancellation"
    # A draft nobody knows ends as quietly.
    await world.at(session, START)
    made = await drafted(board)
    done(await board.post(f"challenges/{made['id']}/cancellation", "operator", {"reason": "不办"}))
    assert done(await board.get(f"challenges/{made['id']}/notices", "operator"))["items"] == []


@pytest.mark.parametrize("table", ["challenge_notices", "challenge_results", "challenge_awards"])
async def test_what_was_told_is_never_changed(session: AsyncSession, table: str) -> None:
    """DM126"""
    assert table in Base.metadata.tables
    with pytest.raises(DBAPIError, match="append"):
        async with session.begin_nested():
            await session.execute(text(f"DELETE FROM {table}"))
