"""A valuation from its opening to its revocation."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.platform import signing
from app.platform.journal import history, verify_chain
from app.shared.canonical import digest
from app.shared.ids import AchievementId, new_id
from app.valuations.public import get_valuation, recompute, valuations_of
from tests.listings.factories import Json, done, refusal, yuan
from tests.valuations.domain.examples import INPUTS, document, fixed, method
from tests.valuations.panels import Office, Person

Who = str | Person
PRICE: Json = {"price": yuan("1300000.00"), "reason": "取综合区间中位附近的整数。"}
FAR: Json = {"price": yuan("99000000.00"), "reason": "买方独家需求。"}


async def opened(office: Office, who: Who = "seller_staff", **changes: Any) -> Json:
    achievement = await office.desk.accepted(**changes)
    return await opened_of(office, achievement, who)


async def opened_of(office: Office, achievement: Json, who: Who = "seller_staff") -> Json:
    path = f"achievements/{achievement['id']}/valuations"
    return done(await office.post(path, who, {"purpose": "挂牌转让定价参考"}))


async def put(
    office: Office, valuation: str, body: Json, who: Who = "seller_staff", version: int | None = 1
) -> httpx.Response:
    headers = office.headers(who) | {"Idempotency-Key": str(new_id())}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return await office.desk.client.put(f"/v1/valuations/{valuation}", json=body, headers=headers)


async def sign(
    office: Office, valuation: str, price: Json = PRICE, who: Who = "seller_staff", version: int = 2
) -> httpx.Response:
    headers = office.headers(who) | {"Idempotency-Key": str(new_id()), "If-Match": f'"{version}"'}
    path = f"/v1/valuations/{valuation}/signature"
    return await office.desk.client.post(path, json={"base_price": price}, headers=headers)


async def signed(office: Office, who: Who = "seller_staff", **changes: Any) -> Json:
    valuation = (await opened(office, who, **changes))["id"]
    done(await put(office, valuation, document(), who))
    return done(await sign(office, valuation, who=who))


async def test_from_opening_to_a_signed_valuation_that_recomputes(office: Office) -> None:
    """VA7, VA13, VA14, VA15"""
    achievement = await office.desk.accepted()
    draft = await opened_of(office, achievement)
    valuation = draft["id"]
    refusal(await sign(office, valuation, version=1), 409, "valuation_unsigned")
    replaced = await put(office, valuation, document())
    assert replaced.headers["etag"] == '"2"'
    results = done(replaced)["results"]
    assert (results["generator"], results["seed"], results["draws"]) == ("PCG64", 20260301, 2000)
    refusal(await sign(office, valuation, FAR), 400, "valuation_invalid")
    told = done(await sign(office, valuation, FAR | {"outside_reason": "独家许可含后续改进。"}))
    content = told["content"]
    keys = done(await office.desk.client.get("/.well-known/jwks.json"))
    assert signing.verify(told["jws"], keys) == content
    assert told["content_hash"] == digest(content)
    assert content["subject"]["content_hash"] == draft["content_hash"]
    assert (content["outside_range"], content["document"]["valid_until"]) == (True, "2027-02-28")
    assert content["names"]["owner"] == "之澜理工大学"
    assert recompute(content) == []
    proof = done(await office.get(f"valuations/{valuation}/verification", "auditor"))
    assert proof == {"valuation_id": valuation, "holds": True, "differences": []}
    assert done(await office.get(f"valuations/{valuation}/report", "seller_staff")) == told
    refusal(await put(office, valuation, document(), version=2), 409, "transition_refused")
    refusal(await sign(office, valuation), 409, "transition_refused")
    events = await history(office.session, UUID(valuation))
    verify_chain(events)
    assert [event.type.removeprefix("valuation.") for event in events] == [
        "drafted",
        "replaced",
        "signed",
    ]
    assert [event.public for event in events] == [{}, {}, {"content_hash": told["content_hash"]}]
    kept = await valuations_of(office.session, AchievementId(UUID(achievement["id"])))
    assert [item.jws for _, item in kept] == [told["jws"]]
    found = await get_valuation(office.session, UUID(valuation))
    assert found is not None
    assert found.status == "signed"


async def test_a_draft_is_replaced_only_by_who_read_it(office: Office) -> None:
    """VA13"""
    valuation = (await opened(office))["id"]
    refusal(
        await put(office, valuation, document(), version=None), 400, "valuation_version_missing"
    )
    done(await put(office, valuation, document()))
    refusal(await put(office, valuation, document()), 409, "valuation_outdated")
    refusal(await sign(office, valuation, version=1), 409, "valuation_outdated")
    shown = await office.get(f"valuations/{valuation}", "seller_staff")
    assert shown.headers["etag"] == '"2"'
    refusal(await put(office, valuation, document(), "operator", 2), 403, "valuation_author_only")
    refusal(await sign(office, valuation, who="operator"), 403, "valuation_author_only")
    refusal(
        await office.get(f"valuations/{valuation}/report", "operator"), 409, "valuation_unsigned"
    )


async def test_a_trial_stores_nothing_and_gives_what_a_draft_gives(office: Office) -> None:
    """VA7, VA9"""
    body = document(*(method(kind, 2000 if kind != "market" else 0) for kind in INPUTS))
    headers = office.headers("seller_staff")
    path = "/v1/valuations/trial"
    tried = done(await office.desk.client.post(path, json=body, headers=headers))
    assert len(tried["results"]["methods"]) == 6
    draft = (await opened(office))["id"]
    assert done(await put(office, draft, body))["results"] == tried["results"]
    unseeded = {name: item for name, item in body.items() if name != "seed"}
    again = done(await office.desk.client.post(path, json=unseeded, headers=headers))
    assert again["document"]["seed"] == again["results"]["seed"]
    bad = document(method("cost", 9000, economic=fixed("1.5")))
    told = refusal(
        await office.desk.client.post(path, json=bad, headers=headers), 400, "valuation_invalid"
    )
    assert {error["field"] for error in told["errors"]} == {
        "methods",
        "methods.0.inputs.economic",
    }
    rows = await office.session.scalar(text("SELECT count(*) FROM valuations"))
    assert rows == 1


async def test_what_is_signed_is_frozen_in_the_database(office: Office) -> None:
    """VA14"""
    valuation = (await signed(office))["valuation_id"]
    for statement in (
        "UPDATE signed_valuations SET kid = 'x'",
        "DELETE FROM signed_valuations",
        "UPDATE valuations SET results = '{}'",
        "UPDATE valuations SET document = document || '{\"seed\": 1}'",
        "UPDATE valuations SET status = 'draft', signed_at = NULL",
        "DELETE FROM valuations",
    ):
        with pytest.raises(DBAPIError):
            async with office.session.begin_nested():
                await office.session.execute(text(statement))
    assert done(await office.get(f"valuations/{valuation}", "seller_staff"))["status"] == "signed"


async def test_a_newer_one_supersedes_and_a_revoked_one_stays_readable(office: Office) -> None:
    """VA16, VA17"""
    achievement = await office.desk.accepted()
    expert = office.experts[0]
    ids = []
    for who in ("seller_staff", expert, "seller_staff"):
        valuation = (await opened_of(office, achievement, who))["id"]
        done(await put(office, valuation, document(), who))
        done(await sign(office, valuation, who=who))
        ids.append(valuation)
    listed = done(await office.get(f"valuations?achievement_id={achievement['id']}", "operator"))
    assert {item["id"]: item["status"] for item in listed["items"]} == {
        ids[0]: "superseded",
        ids[1]: "signed",
        ids[2]: "signed",
    }
    reason = {"reason": "可比案例来源有误。"}
    path = f"valuations/{ids[1]}/revocation"
    refusal(await office.post(path, "seller_staff", reason), 403, "valuation_author_only")
    assert done(await office.post(path, expert, reason))["status"] == "revoked"
    refusal(await office.post(path, "operator", reason), 409, "transition_refused")
    done(await office.post(f"valuations/{ids[0]}/revocation", "operator", reason))
    report = done(await office.get(f"valuations/{ids[1]}/report", "seller_staff"))
    assert (report["status"], recompute(report["content"])) == ("revoked", [])


async def test_who_sees_a_valuation(office: Office) -> None:
    """VA18"""
    expert, other = office.experts[:2]
    valuation = (await opened(office, expert))["id"]
    path = f"valuations/{valuation}"
    done(await office.get(path, expert))
    done(await office.get(path, "auditor"))
    refusal(await office.get(path, "seller_staff"), 404, "object_unknown")
    assert done(await office.get("valuations", "seller_staff"))["items"] == []
    done(await put(office, valuation, document(), expert))
    done(await sign(office, valuation, who=expert))
    done(await office.get(path, "seller_staff"))
    assert len(done(await office.get("valuations?status=signed", "seller_staff"))["items"]) == 1
    refusal(await office.get(path, other), 403, "not_yours")
    refusal(await office.get(path, "buyer_staff"), 403, "role_not_allowed")
    refusal(await office.get(path, "anonymous"), 401, "token_missing")
    assert done(await office.get("valuations", other))["items"] == []


async def test_drafts_of_results_and_late_signatures_are_refused(office: Office) -> None:
    """VA14"""
    valuation = (await opened(office))["id"]
    done(await put(office, valuation, document(valid_until="2026-03-03")))
    await office.world.later(office.session, days=3)
    refusal(await sign(office, valuation), 400, "valuation_expired")
    hidden = await office.submitted()
    done(
        await office.post(
            f"achievements/{hidden['id']}/withdrawal",
            "seller_staff",
            {"reason": "权属需要重新确认"},
        )
    )
    refused = await office.post(
        f"achievements/{hidden['id']}/valuations", "seller_staff", {"purpose": "定价"}
    )
    refusal(refused, 409, "achievement_not_evaluable")


async def test_the_list_has_pages(office: Office) -> None:
    """VA18"""
    achievement = await office.desk.accepted()
    made = [(await opened_of(office, achievement))["id"] for _ in range(3)]
    first = done(await office.get("valuations?limit=2", "seller_staff"))
    rest = done(await office.get(f"valuations?limit=2&cursor={first['next']}", "seller_staff"))
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None


async def test_the_pdf_is_a_chinese_archival_document_with_charts(office: Office) -> None:
    """VA19"""
    told = await signed(office)
    path = f"valuations/{told['valuation_id']}/report.pdf"
    first = await office.get(path, "seller_staff")
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF")
    again = await office.get(path, "seller_staff")
    assert again.content == first.content
