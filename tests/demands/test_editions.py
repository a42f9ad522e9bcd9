"""Editions over HTTP: opened, named by postings, published and frozen, printed."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import history
from app.shared.canonical import digest
from app.shared.ids import new_id
from tests.demands.board import RESTRICTED, Board, Json, done, refusal, terms

EDITION: Json = {
    "title": "杭州市2026年第一期企业技术需求清单",
    "region_code": "330100",
    "starts_on": "2026-01-01",
    "ends_on": "2026-03-31",
}


async def opened(board: Board, **changes: Any) -> Json:
    return done(await board.post("demand-editions", "operator", EDITION | changes))


async def post_into(
    board: Board, session: AsyncSession, edition_id: str, **changes: Any
) -> tuple[Json, Any]:
    demand = await board.reviewed(session, **changes)
    sent = {"terms": terms(), "edition_id": edition_id}
    return demand, await board.post(f"demands/{demand['id']}/posting", "operator", sent)


async def test_a_published_edition_freezes_the_public_part_of_what_was_posted_into_it(
    board: Board, session: AsyncSession
) -> None:
    """DM28"""
    edition = await opened(board)
    path = f"demand-editions/{edition['id']}"
    assert (edition["status"], edition["content"]) == ("open", None)
    refusal(await board.post(f"{path}/publication", "operator"), 409, "edition_empty")
    refusal(await board.get(f"{path}/list.pdf"), 409, "edition_unpublished")
    first, answer = await post_into(board, session, edition["id"])
    done(answer)
    second, answer = await post_into(board, session, edition["id"], **RESTRICTED)
    done(answer)
    await board.posted(session)  # alone, in no edition
    published = done(await board.post(f"{path}/publication", "operator"))
    content = published["content"]
    assert [item["demand_id"] for item in content["demands"]] == [first["id"], second["id"]]
    assert published["content_hash"] == digest(content)
    assert RESTRICTED["restricted_text"] not in str(content)
    done(await board.post(f"demands/{first['id']}/withdrawal", "buyer_staff", {"reason": "停产"}))
    read = done(await board.get(path))
    assert read["content"] == content
    listed = done(await board.get(f"demand-editions?market_id={board.world.market_id}"))["items"]
    assert [(item["id"], item["status"]) for item in listed] == [(edition["id"], "published")]
    refusal(await board.post(f"{path}/publication", "operator"), 409, "transition_refused")
    _, late = await post_into(board, session, edition["id"])
    refusal(late, 409, "edition_not_open")
    _, unknown = await post_into(board, session, str(new_id()))
    refusal(unknown, 409, "edition_not_open")
    pdf = await board.get(f"{path}/list.pdf")
    assert pdf.status_code == 200
    assert pdf.content.startswith(b"%PDF-")
    assert published["number"] in pdf.headers["content-disposition"]
    told = await history(session, published["id"])
    assert [event.type for event in told] == ["demand_edition.opened", "demand_edition.published"]
    assert told[1].public["content_hash"] == published["content_hash"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"region_code": "999999"}, "code_unknown"),
        ({"ends_on": "2025-12-31"}, "edition_period_wrong"),
    ],
)
async def test_an_edition_has_a_region_and_a_period(board: Board, changes: Json, code: str) -> None:
    """DM28"""
    refusal(await board.post("demand-editions", "operator", EDITION | changes), 400, code)


async def test_an_edition_of_another_market_lists_nothing_of_this_one(
    board: Board, session: AsyncSession
) -> None:
    """DM28"""
    elsewhere = done(await board.post("demand-editions", "operator", EDITION, market="other"))
    _, answer = await post_into(board, session, elsewhere["id"])
    refusal(answer, 409, "edition_not_open")
    refusal(await board.get(f"demand-editions/{new_id()}"), 404, "object_unknown")
    pages = done(await board.get("demand-editions?limit=1"))
    assert len(pages["items"]) == 1
