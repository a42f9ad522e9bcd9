"""Editing an achievement, and the versions that are kept of it."""

import asyncio
import importlib.util
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.listings.domain.content import content_from_json
from app.listings.domain.versions import content_hash
from app.listings.repository.achievements import _columns
from app.platform.db import Database
from app.platform.journal import history
from app.shared.ids import FileId, new_id
from tests.house_rules import ROOT
from tests.listings.domain.values import content
from tests.listings.factories import Desk, Json, achievement_body, done, refusal
from tests.listings.test_concurrency import Counter, statuses
from tests.world import START, World


async def edit(
    desk: Desk, achievement: Json, *, seen: str | None = None, who: Any = None, **changes: Any
) -> httpx.Response:
    headers = desk.world.headers("seller_staff", **(who or {}))
    if seen != "":
        headers["If-Match"] = seen or f'"{achievement["version"]}"'
    return await desk.client.put(
        f"/v1/achievements/{achievement['id']}", json=achievement_body(**changes), headers=headers
    )


async def versions(desk: Desk, achievement: Json, role: str = "seller_staff", at: str = "") -> Any:
    return await desk.get(f"achievements/{achievement['id']}/versions{at}", role)


async def upload(desk: Desk, **who: Any) -> str:
    answer = await desk.client.post(
        "/v1/files",
        files={"file": ("报告.txt", "运行报告".encode(), "text/plain")},
        data={"audience": "owner"},
        headers=desk.world.headers("seller_staff", **who),
    )
    return str(done(answer)["id"])


async def test_an_edit_names_the_version_that_it_saw(desk: Desk) -> None:
    """LS30"""
    draft = await desk.submit(draft=True)
    told = refusal(await edit(desk, draft, seen=""), 400, "achievement_version_missing")
    assert told["accepted"] == '"1"'
    read = await desk.get(f"achievements/{draft['id']}", "seller_staff")
    assert read.headers["etag"] == '"1"'
    answer = await edit(desk, draft, seen=read.headers["etag"], title="改名后的方法")
    assert answer.headers["etag"] == '"2"'
    assert (done(answer)["title"], done(answer)["status"]) == ("改名后的方法", "draft")
    told = refusal(await edit(desk, draft, title="晚到的修改"), 409, "achievement_changed")
    assert told["accepted"] == '"2"'


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        ("draft", "draft", "edited"),
        ("submitted", "submitted", "edited"),
        ("accepted", "submitted", "resubmitted"),
        ("stale", "submitted", "resubmitted"),
    ],
)
async def test_what_was_accepted_goes_back_to_the_first_check(
    desk: Desk, before: str, after: str, event: str
) -> None:
    """LS31"""
    made = await desk.submit(draft=before == "draft")
    if before in {"accepted", "stale"}:
        made = await desk.review(made)
    if before == "stale":
        await desk.session.execute(
            text("UPDATE achievements SET status = 'stale' WHERE id = :id"), {"id": made["id"]}
        )
    later = await desk.world.later(desk.session, days=1)
    edited = done(await edit(desk, made, title="改名后的方法"))
    assert (edited["status"], edited["version"]) == (after, 2)
    if event == "resubmitted":
        assert datetime.fromisoformat(edited["submitted_at"]) >= later
        assert edited["due_at"] is not None
        refusal(await desk.get(f"achievements/{made['id']}"), 404, "object_unknown")
    last = (await history(desk.session, UUID(made["id"])))[-1]
    assert last.type == f"achievement.{event}"
    assert "title" not in last.public
    assert last.restricted["content"]["title"] == "改名后的方法"
    assert last.restricted["version"] == 2


async def test_the_same_content_again_changes_nothing(desk: Desk) -> None:
    """LS30"""
    accepted = await desk.accepted()
    same = await edit(desk, accepted)
    assert (same.headers["etag"], done(same)["status"]) == ('"1"', "accepted")
    assert len(await history(desk.session, UUID(accepted["id"]))) == 2
    assert len(done(await versions(desk, accepted))["items"]) == 1


async def test_what_is_decided_or_on_offer_is_not_edited(desk: Desk) -> None:
    """LS31"""
    refused = await desk.review(await desk.submit(), accepted=False)
    refusal(await edit(desk, refused, title="再来"), 409, "transition_refused")
    accepted = await desk.accepted()
    listing = await desk.published(accepted)
    told = refusal(await edit(desk, accepted, title="再来"), 409, "achievement_on_offer")
    assert told["listing_number"] == listing["number"]


async def test_edits_are_checked_like_new_content_and_by_their_owner_only(desk: Desk) -> None:
    """LS31"""
    made = await desk.submit()
    told = refusal(await edit(desk, made, kind="alchemy"), 400, "achievement_invalid")
    assert [error["field"] for error in told["errors"]] == ["kind"]
    other = {"party_id": desk.world.other_seller}
    refusal(await edit(desk, made, who=other, title="别人的"), 403, "not_yours")
    refusal(await edit(desk, {"id": new_id(), "version": 1}), 404, "object_unknown")


async def test_attachments_are_files_of_the_owner_and_rights_still_run(desk: Desk) -> None:
    """LS31"""
    own = await upload(desk)
    others = await upload(desk, party_id=desk.world.other_seller)
    right = achievement_body()["ip_assets"][0] | {"expires_on": "2026-03-01"}
    told = refusal(
        await desk.post(
            "achievements",
            "seller_staff",
            achievement_body(attachments=[own, others, str(new_id()), own], ip_assets=[right]),
        ),
        400,
        "achievement_invalid",
    )
    assert [(error["field"], error["rule"]) for error in told["errors"]] == [
        ("ip_assets.0.expires_on", "patent_expired"),
        ("attachments.3", "repeated"),
        ("attachments.1", "file_unknown"),
        ("attachments.2", "file_unknown"),
    ]
    kept = await desk.submit(attachments=[own], ip_assets=[right | {"expires_on": "2026-03-02"}])
    assert kept["attachments"] == [own]


async def test_versions_are_read_by_number_and_by_date(desk: Desk) -> None:
    """LS30"""
    made = await desk.submit(title="第一稿")
    for number in (2, 3):
        await desk.world.later(desk.session, days=1)
        done(await edit(desk, made, seen=f'"{number - 1}"', title=f"第{number}稿"))
    listed = done(await versions(desk, made, at="?limit=2"))
    assert [item["number"] for item in listed["items"]] == [3, 2]
    more = done(await versions(desk, made, at=f"?limit=2&cursor={listed['next']}"))
    assert ([item["number"] for item in more["items"]], more["next"]) == ([1], None)
    assert listed["items"][0]["edited_by"].startswith("user:")
    refusal(await versions(desk, made, at="?cursor=WyJ4Il0"), 400, "cursor_invalid")
    for days, numbers in ((-1, []), (0.1, [1]), (1.1, [2]), (9, [3])):
        moment = (START + timedelta(days=days)).isoformat().replace("+", "%2B")
        found = done(await versions(desk, made, "operator", f"?on={moment}"))["items"]
        assert [item["number"] for item in found] == numbers
    second = await versions(desk, made, at="/2")
    assert second.headers["etag"] == '"2"'
    assert done(second)["content"]["title"] == "第2稿"
    assert len(done(second)["content_hash"]) == 64
    refusal(await versions(desk, made, at="/4"), 404, "object_unknown")
    refusal(await versions(desk, made, at="/0"), 422, "request_invalid")


async def test_others_read_the_version_on_the_shelf_only(desk: Desk) -> None:
    """LS32"""
    made = await desk.submit(
        title="第一稿", confidentiality="restricted", public_summary="一种检测方法。"
    )
    refusal(await versions(desk, made, "buyer_staff"), 404, "object_unknown")
    edited = done(
        await edit(desk, made, confidentiality="restricted", public_summary="一种在线检测方法。")
    )
    await desk.review(edited)
    for role in ("anonymous", "buyer_staff"):
        listed = done(await versions(desk, made, role))["items"]
        assert [(item["number"], item["edited_by"]) for item in listed] == [(2, None)]
        refusal(await versions(desk, made, role, "/1"), 404, "object_unknown")
        shown = done(await versions(desk, made, role, "/2"))
        assert shown["content_hash"] is None
        assert shown["content"]["abstract"] == "一种在线检测方法。"
        assert shown["content"]["completers"] is None
    for role in ("seller_staff", "operator", "auditor"):
        assert len(done(await versions(desk, made, role))["items"]) == 2
        assert done(await versions(desk, made, role, "/1"))["content"]["completers"]


@pytest.mark.parametrize(
    "statement", ["UPDATE achievement_versions SET version = 9", "DELETE FROM achievement_versions"]
)
async def test_versions_are_never_changed(desk: Desk, statement: str) -> None:
    """LS30"""
    await desk.submit()
    with pytest.raises(DBAPIError):
        async with desk.session.begin_nested():
            await desk.session.execute(text(statement))


def test_the_migration_keeps_what_stands_as_the_version_that_it_has() -> None:
    """LS30"""
    path = ROOT / "migrations" / "versions" / "2026_11_25_0018_imports.py"
    spec = importlib.util.spec_from_file_location("imports_migration", path)
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    for changes in ({}, {"price_idea": None, "attachments": (FileId(new_id()),)}):
        stated = content(**changes)
        row = {
            **_columns(stated),
            "id": new_id(),
            "version": 1,
            "collected_at": START,
            "submitted_at": None,
        }
        # The earliest rights were stored without a term.
        row["ip_assets"] = [
            {name: value for name, value in asset.items() if name != "expires_on" or value}
            for asset in row["ip_assets"]
        ]
        kept = migration._version(row)
        assert content_from_json(kept["content"]) == stated
        assert kept["content_hash"] == content_hash(stated)


@pytest.mark.concurrency
async def test_of_edits_at_once_one_takes_effect_and_none_beside_a_publication(
    own_client: httpx.AsyncClient, own_world: World, database: Database
) -> None:
    """LS30, LS31"""
    counter = Counter(own_client, own_world, database)
    made = await counter.accepted()
    headers = own_world.headers("seller_staff") | {"If-Match": '"1"'}

    async def change(title: str, achievement_id: str = made) -> httpx.Response:
        body = achievement_body(title=title)
        path = f"/v1/achievements/{achievement_id}"
        return await own_client.put(path, json=body, headers=headers)

    assert await statuses(*(change(f"第{number}稿") for number in range(6))) == [200] + [409] * 5
    for number in range(3):
        offered = await counter.accepted()
        draft = await counter.ready(offered)
        edited, published = await asyncio.gather(
            change(f"边挂边改{number}", offered), counter.publish(draft)
        )
        assert edited.is_success != published.is_success, (edited.text, published.text)
    async with database.transaction() as session:
        kept = await session.scalar(
            text("SELECT count(*) FROM achievement_versions WHERE achievement_id = :id"),
            {"id": made},
        )
    assert kept == 2
