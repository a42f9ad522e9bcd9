"""Postings over HTTP: terms frozen with a notice, later deadlines, withdrawal, a new round."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.demands.service.deadline import close_demand
from app.demands.service.posting import CLOSE
from app.platform import timers
from app.platform.journal import history
from app.platform.runtime import Runtime
from app.shared.canonical import digest
from tests.demands.board import Board, body, done, refusal, terms


async def test_a_posting_freezes_its_terms_with_a_notice_for_everybody(
    board: Board, session: AsyncSession
) -> None:
    """DM6, DM7"""
    demand = await board.reviewed(session)
    path = f"demands/{demand['id']}/posting"
    wrong = {"terms": terms(panel_min=4, winners_max=3)}
    told = refusal(await board.post(path, "operator", wrong), 400, "posting_invalid")
    assert {error["rule"] for error in told["errors"]} == {"panel_even", "single_winner"}
    posted = done(await board.post(path, "operator", {"terms": terms()}))
    assert (posted["status"], posted["round"]) == ("posted", 1)
    assert posted["terms"]["notice_period"] == {"count": 5, "unit": "working_day"}
    [notice] = done(await board.get(f"demands/{demand['id']}/notices"))["items"]
    assert notice["number"] == f"{posted['number']}-N1"
    assert posted["terms_hash"] == notice["content_hash"] == digest(notice["content"])
    assert notice["content"]["terms"]["decision"] == "best_score"
    refusal(await board.post(path, "operator", {"terms": terms()}), 409, "transition_refused")
    event = (await history(session, UUID(demand["id"])))[-1]
    assert (event.type, event.public["title"]) == ("demand.posted", demand["title"])


async def test_a_deadline_is_put_off_by_a_notice_that_restates_the_terms(
    board: Board, session: AsyncSession, shared_runtime: Runtime
) -> None:
    """DM5, DM7"""
    demand = await board.posted(session)
    path = f"demands/{demand['id']}/extension"
    sent = {
        "closes_at": "2026-04-10T16:00:00Z",
        "questions_until": "2026-04-01T16:00:00Z",
        "reason": "应多家单位请求顺延",
    }
    moved = done(await board.post(path, "operator", sent))
    assert moved["closes_at"] == "2026-04-10T16:00:00+00:00"
    assert moved["terms_hash"] != demand["terms_hash"]
    # A worker that had the timer in hand while it was put off sets it anew itself.
    demand_id = UUID(demand["id"])
    await timers.cancel(session, kind=CLOSE, subject_id=demand_id)
    earlier = datetime.fromisoformat(demand["closes_at"])
    await close_demand(session, shared_runtime.box, demand_id, earlier)
    due = select(timers.Timer.due_at).where(timers.Timer.kind == CLOSE)
    assert await session.scalar(due) == datetime.fromisoformat(moved["closes_at"])
    sooner = sent | {"closes_at": "2026-04-09T16:00:00Z"}
    told = refusal(await board.post(path, "operator", sooner), 400, "deadline_not_later")
    assert told["field"] == "closes_at"
    notices = done(await board.get(f"demands/{demand['id']}/notices?limit=1"))
    assert notices["items"][0]["kind"] == "posting"
    rest = await board.get(f"demands/{demand['id']}/notices?cursor={notices['next']}")
    assert [item["kind"] for item in done(rest)["items"]] == ["change"]
    refusal(await board.get(f"demands/{demand['id']}/notices?cursor=x"), 400, "cursor_invalid")


async def test_who_withdraws_what_others_know_says_why(board: Board, session: AsyncSession) -> None:
    """DM3, DM8"""
    known = await board.posted(session)
    path = f"demands/{known['id']}/withdrawal"
    refusal(await board.post(path, "buyer_staff", {}), 400, "demand_reason_missing")
    gone = done(await board.post(path, "buyer_staff", {"reason": "项目已由内部团队完成"}))
    assert gone["status"] == "withdrawn"
    kept = done(await board.get(f"demands/{known['id']}/notices"))["items"]
    assert [item["kind"] for item in kept] == ["posting", "withdrawal"]
    refusal(await board.post(path, "operator", {"reason": "再撤"}), 409, "transition_refused")
    unknown = await board.submitted()
    quiet = await board.post(f"demands/{unknown['id']}/withdrawal", "buyer_staff", {})
    assert done(quiet)["status"] == "withdrawn"
    refusal(await board.get(f"demands/{unknown['id']}"), 404, "object_unknown")
    late = await board.posted(session)
    await board.world.at(session, datetime.fromisoformat(late["closes_at"]))
    why = {"reason": "项目已由内部团队完成"}
    done(await board.post(f"demands/{late['id']}/withdrawal", "buyer_staff", why))
    told = done(await board.get(f"demands/{late['id']}/notices"))["items"][-1]["content"]
    assert told["withdrawn_from"] == "closed"  # however late its timer comes


async def test_a_reviewed_demand_is_returned_to_be_changed(
    board: Board, session: AsyncSession
) -> None:
    """DM3"""
    demand = await board.reviewed(session)
    path = f"demands/{demand['id']}/return"
    refusal(await board.post(path, "operator", {}), 400, "demand_reason_missing")
    told = done(await board.post(path, "operator", {"reason": "请补充现场工况"}))
    assert (told["status"], told["reason"]) == ("returned", "请补充现场工况")
    refusal(await board.post(path, "operator", {"reason": "再退"}), 409, "transition_refused")


async def test_an_unanswered_demand_is_mended_and_posted_anew(
    board: Board, session: AsyncSession
) -> None:
    """DM5, DM9"""
    demand = await board.posted(session)
    path = f"demands/{demand['id']}"
    refusal(await board.post(f"{path}/revision", "buyer_staff"), 409, "transition_refused")
    await board.put_in(session, demand["id"], DemandStatus.UNANSWERED)
    assert done(await board.post(f"{path}/revision", "buyer_staff"))["status"] == "returned"
    assert done(await board.get(path, "buyer_staff"))["round"] == 1
    refusal(await board.get(path), 404, "object_unknown")
    wider = body(who_may_answer=["organisation", "person", "consortium"])
    assert done(await board.put(path, "buyer_staff", wider, seen='"1"'))["version"] == 2
    done(await board.post(f"{path}/submission", "buyer_staff"))
    await board.put_in(session, demand["id"], DemandStatus.REVIEWED)
    posted = done(await board.post(f"{path}/posting", "operator", {"terms": terms()}))
    assert (posted["round"], posted["status"]) == (2, "posted")
    kept = done(await board.get(f"{path}/notices"))["items"]
    assert [(item["round"], item["content"]["version"]) for item in kept] == [(1, 1), (2, 2)]


async def test_time_breaks_what_was_in_order(board: Board, session: AsyncSession) -> None:
    """DM6"""
    demand = await board.reviewed(session)
    await board.world.at(session, datetime(2026, 12, 18, tzinfo=UTC) + timedelta(days=1))
    sent = {"terms": terms()}
    refusal(
        await board.post(f"demands/{demand['id']}/posting", "operator", sent), 400, "demand_invalid"
    )
