"""Achievements over HTTP: submission, review, who sees what."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.identity.public import PartyStatus, create_party
from app.platform.access import SYSTEM
from app.platform.journal import history
from app.shared.ids import new_id
from tests.listings.factories import Desk, Json, achievement_body, done, refusal
from tests.world import START, organisation

DATA = Path(__file__).parents[2] / "app" / "demo" / "data"


async def test_what_was_submitted_is_what_is_kept(desk: Desk) -> None:
    body = achievement_body()
    kept = done(await desk.get(f"achievements/{(await desk.submit())['id']}", "seller_staff"))
    body["ip_assets"][0]["number"] = "201710601862.3"
    body["ip_assets"] = [asset | {"expires_on": None} for asset in body["ip_assets"]]
    assert {name: kept[name] for name in body} == body


async def test_all_faults_of_a_body_are_told_at_once(desk: Desk) -> None:
    """LS1"""
    body = achievement_body(
        technology_field="alchemy",
        readiness={"scale": "trl_9", "level": 12},
        completers=[{"name": "许澜清", "share_bp": 1}],
    )
    told = refusal(
        await desk.post("achievements", "seller_staff", body), 400, "achievement_invalid"
    )
    assert [error["field"] for error in told["errors"]] == [
        "technology_field",
        "readiness.level",
        "completers",
    ]
    assert "agriculture" in told["errors"][0]["accepted"]["accepted"]
    listed = done(await desk.get("achievements", "operator"))
    assert listed["items"] == []


async def test_all_malformed_fields_are_told_at_once(desk: Desk) -> None:
    body = achievement_body(title="", kind=None, keywords="one") | {"colour": "red"}
    told = refusal(await desk.post("achievements", "seller_staff", body), 422, "request_invalid")
    fields = {error["field"] for error in told["errors"]}
    assert fields == {"body.title", "body.kind", "body.keywords", "body.colour"}


async def test_an_unverified_owner_cannot_submit(desk: Desk) -> None:
    pending = await create_party(
        desk.session,
        market_id=desk.world.market_id,
        new=organisation(77, "未审核研究院有限公司"),
        status=PartyStatus.PENDING,
        actor=SYSTEM,
        now=START,
    )
    response = await desk.post("achievements", "seller_staff", achievement_body(), party_id=pending)
    refusal(response, 400, "party_not_verified")


async def test_a_refusal_states_its_reason_and_is_final(desk: Desk) -> None:
    submitted = await desk.submit()
    path = f"achievements/{submitted['id']}/review"
    refusal(await desk.post(path, "operator", {"accepted": False}), 400, "reason_missing")
    told = done(await desk.post(path, "operator", {"accepted": False, "reason": "证据不足"}))
    assert (told["status"], told["reason"]) == ("refused", "证据不足")
    for accepted in (True, False):
        body = {"accepted": accepted, "reason": "再议"}
        refusal(await desk.post(path, "operator", body), 409, "transition_refused")


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("confidentiality", ["public", "restricted"])
async def test_the_journal_shows_the_public_what_was_accepted_for_it_only(
    desk: Desk, accepted: bool, confidentiality: str
) -> None:
    """LS2"""
    submitted = await desk.submit(
        confidentiality=confidentiality, public_summary="一种在线检测方法。"
    )
    told = submitted["abstract" if confidentiality == "public" else "public_summary"]
    await desk.review(submitted, accepted=accepted)
    first, second = await history(desk.session, UUID(submitted["id"]))
    assert first.type == "achievement.submitted"
    assert first.public == {}
    assert first.restricted["content"]["title"] == submitted["title"]
    assert second.type == f"achievement.{'accepted' if accepted else 'refused'}"
    assert second.public.get("abstract") == (told if accepted else None)
    assert "许澜清" not in str(second.public)


SHELF = {"accepted public", "accepted restricted"}
# Who looks, and which of the four kinds it sees.
SEEN: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "anonymous": ("anonymous", {}, SHELF),
    "a buyer": ("buyer_staff", {}, SHELF),
    "another seller": ("seller_staff", {"party": "other_seller"}, SHELF),
    "an expert": ("expert", {}, SHELF),
    "a partner": ("partner", {}, SHELF),
    "another market's operator": ("operator", {"market": "other"}, SHELF),
    "the owner": ("seller_staff", {}, {"all"}),
    "the operator": ("operator", {}, {"all"}),
    "the auditor": ("auditor", {}, {"all"}),
}


async def _four_kinds(desk: Desk) -> dict[str, Json]:
    return {
        "submitted": await desk.submit(),
        "refused": await desk.review(await desk.submit(), accepted=False),
        "accepted public": await desk.accepted(),
        "accepted restricted": await desk.accepted(
            confidentiality="restricted", public_summary="一种在线检测方法。"
        ),
    }


@pytest.mark.parametrize("who", SEEN)
async def test_confidentiality_holds_in_list_and_get_alike(desk: Desk, who: str) -> None:
    """LS2"""
    kinds = await _four_kinds(desk)
    role, place, seen = SEEN[who]
    caller = {"party_id": getattr(desk.world, place["party"])} if "party" in place else place
    listed = done(await desk.get("achievements", role, **caller))
    ids = {item["id"] for item in listed["items"]}
    for kind, achievement in kinds.items():
        visible = "all" in seen or kind in seen
        assert (achievement["id"] in ids) == visible, kind
        response = await desk.get(f"achievements/{achievement['id']}", role, **caller)
        if visible:
            assert done(response)["title"] == achievement["title"]
        else:
            refusal(response, 404, "object_unknown")
    for status in ("submitted", "refused"):
        found = done(await desk.get(f"achievements?status={status}", role, **caller))
        assert bool(found["items"]) == ("all" in seen)


async def test_a_list_filters_and_pages_newest_first(desk: Desk) -> None:
    made = [await desk.accepted() for _ in range(3)]
    other = await desk.accepted(technology_field="agriculture")
    world = desk.world
    place = f"achievements?technology_field=electronic_information&market_id={world.market_id}"
    first = done(await desk.get(f"{place}&limit=2"))
    assert [item["id"] for item in first["items"]] == [made[2]["id"], made[1]["id"]]
    second = done(await desk.get(f"{place}&limit=2&cursor={first['next']}"))
    assert [item["id"] for item in second["items"]] == [made[0]["id"]]
    assert second["next"] is None
    farm = done(await desk.get("achievements?technology_field=agriculture"))
    assert [item["id"] for item in farm["items"]] == [other["id"]]
    elsewhere = done(await desk.get(f"achievements?market_id={world.other_market_id}"))
    assert elsewhere["items"] == []
    refusal(await desk.get("achievements?cursor=nonsense"), 400, "cursor_invalid")


async def test_unknown_achievements_are_unknown_to_every_route(desk: Desk) -> None:
    refusal(await desk.get(f"achievements/{new_id()}"), 404, "object_unknown")
    path = f"achievements/{new_id()}/review"
    refusal(await desk.post(path, "operator", {"accepted": True}), 404, "object_unknown")


async def test_another_markets_operator_cannot_review(desk: Desk) -> None:
    path = f"achievements/{(await desk.submit())['id']}/review"
    response = await desk.post(path, "operator", {"accepted": True}, market="other")
    refusal(response, 404, "object_unknown")


async def test_the_demos_achievements_are_accepted_as_they_stand(desk: Desk) -> None:
    records = json.loads((DATA / "achievements.json").read_text(encoding="utf-8"))
    assert len(records) >= 40
    for record in records:
        body = {name: value for name, value in record.items() if name not in {"key", "owner"}}
        kept = done(await desk.post("achievements", "seller_staff", body))
        body["ip_assets"] = [{"expires_on": None} | asset for asset in body["ip_assets"]]
        assert {name: kept[name] for name in body} == body
