"""Certificates over HTTP: issued when due, the same for whoever asks again, public, revoked."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.clock import market_now
from app.platform.journal import JournalEvent, history
from app.platform.runtime import Runtime
from app.platform.signing import key_set, verify
from app.settlement.handlers import open_awarded
from app.settlement.public import Deal, deals_of
from app.settlement.service.verifying import check
from app.shared.canonical import digest
from app.shared.ids import DealId, ListingId
from app.shared.money import Money
from tests.demands.board import Board
from tests.demands.work import Work
from tests.listings.agreements import agreed, close
from tests.listings.factories import Desk, Json, done, refusal
from tests.listings.test_objections import decided, objected
from tests.settlement.factories import Counter, lot, sell
from tests.world import World

PRICE = Money.parse("730000.00")


@pytest.fixture
async def deal_id(session: AsyncSession, world: World, desk: Desk) -> DealId:
    return await sell(session, world, await lot(desk, "buyer"), PRICE)


async def sign(counter: Counter, deal_id: DealId) -> None:
    now = await market_now(counter.session, counter.world.market_id)
    body = {"signed_at": now.isoformat(), "text_hash": "a" * 64}
    done(await counter.act(deal_id, "signing", body))


async def issued(counter: Counter, deal_id: DealId, kind: str = "transaction") -> Json:
    return done(await counter.act(deal_id, "certificates", {"kind": kind}))


async def test_a_certificate_follows_effect_and_payment(
    counter: Counter, deal_id: DealId, world: World, session: AsyncSession
) -> None:
    """ST190, ST191, ST192, ST193: refused with all that is missing; asked again it is the same."""
    refusal(await counter.client.get("/v1/certificates/ZP%00"), 422, "request_invalid")
    told = refusal(await counter.act(deal_id, "certificates", {}), 409, "certificate_not_due")
    assert [item["rule"] for item in told["missing"]] == ["signed", "due_paid"]
    await sign(counter, deal_id)
    told = refusal(await counter.act(deal_id, "certificates", {}), 409, "certificate_not_due")
    assert [item["rule"] for item in told["missing"]] == ["due_paid"]
    assert "610000.00" in told["missing"][0]["message_zh"]
    done(await counter.pay(deal_id, "610000.00"))
    first = await issued(counter, deal_id)
    # The answer was lost, a day passed and the key was changed: the same bytes.
    await world.later(session, days=1)
    assert await issued(counter, deal_id) == first
    assert first["number"].startswith("ZP-C-2026-")
    assert first["full"]["facts"]["deal"]["contract_hash"] == "a" * 64
    assert first["full"]["facts"]["payment"]["mode"] == "lump_sum"
    assert first["public"]["facts"]["facts_hash"] == digest(first["full"]["facts"])
    (event,) = [it for it in await history(session, deal_id) if it.type == "deal.certified"]
    assert event.public["facts_hash"] == first["public"]["facts"]["facts_hash"]
    refusal(
        await counter.act(deal_id, "certificates", {"kind": "notice_witness"}),
        400,
        "witness_without_notice",
    )


async def test_a_retired_key_signs_the_same_and_verifies(
    counter: Counter, deal_id: DealId, session: AsyncSession, shared_runtime: Runtime
) -> None:
    """ST191, ST196"""
    await sign(counter, deal_id)
    done(await counter.pay(deal_id, "610000.00"))
    first = await issued(counter, deal_id)
    await shared_runtime.signer.rotate(session)
    assert await issued(counter, deal_id) == first
    keys = await key_set(session)
    assert verify(first["full"]["jws"], keys) == first["full"]["facts"]
    for path, facts in (
        (f"deals/{deal_id}/certificates/{first['number']}/file", first["full"]["facts"]),
        (f"certificates/{first['number']}/file", first["public"]["facts"]),
    ):
        for form in ("pdf", "jws", "json"):
            got = await counter.get(f"{path}?format={form}", "seller_staff")
            assert got.status_code == 200, got.text
            assert check(got.content, json.loads(json.dumps(keys))).facts == facts


async def revoke(counter: Counter, deal_id: DealId, number: str, ground: str) -> Any:
    body = {"ground": ground, "reason": "登记的合同类型有误"}
    return await counter.act(deal_id, f"certificates/{number}/revocation", body)


async def test_a_revocation_is_public_and_for_ever(
    counter: Counter, deal_id: DealId, world: World, session: AsyncSession
) -> None:
    """ST194, ST193: an error may be certified anew, what was annulled may not."""
    await sign(counter, deal_id)
    done(await counter.pay(deal_id, "610000.00"))
    first = await issued(counter, deal_id)
    number = first["number"]
    shown = done(await counter.get(f"certificates/{number}", "anonymous"))
    assert (shown["state"], shown["public"]) == ("valid", first["public"])
    assert "full" not in shown
    refusal(await counter.get("certificates/ZP-C-2026-999999"), 404, "certificate_unknown")
    gone = done(await revoke(counter, deal_id, number, "error"))
    assert (gone["state"], gone["full"]) == ("revoked", first["full"])
    refusal(await revoke(counter, deal_id, number, "error"), 409, "certificate_revoked")
    shown = done(await counter.get(f"certificates/{number}", "anonymous"))
    assert (shown["state"], shown["revocation_ground"]) == ("revoked", "error")
    assert "登记" not in json.dumps(shown, ensure_ascii=False).replace("登记表", "")

    listed = await counter.get(f"markets/{world.market_id}/certificate-revocations", "anonymous")
    told = verify(listed.text, await key_set(session))
    assert [item["number"] for item in told["revoked"]] == [number]
    again = await issued(counter, deal_id)
    assert again["number"] > number
    found = check(first["full"]["jws"].encode(), await key_set(session), listed=listed.content)
    assert found.revoked is not None
    done(await revoke(counter, deal_id, again["number"], "deal_annulled"))
    told = refusal(await counter.act(deal_id, "certificates", {}), 409, "certificate_not_due")
    assert [item["rule"] for item in told["missing"]] == ["not_annulled"]
    items = done(await counter.get(f"deals/{deal_id}/certificates", "buyer_staff"))["items"]
    assert [item["state"] for item in items] == ["revoked", "revoked"]
    for change in ("facts = '{}'", "revoked_at = NULL"):
        with pytest.raises(DBAPIError, match="not changed any more"):
            async with session.begin_nested():
                await session.execute(text(f"UPDATE certificates SET {change}"))


async def awarded(desk: Desk, listing: Json) -> tuple[Deal, JournalEvent]:
    """Close the agreement's notice and open its deal; return the award, too."""
    await close(desk, listing)
    event = await desk.session.scalar(
        select(JournalEvent).where(
            JournalEvent.type == "listing.awarded", JournalEvent.subject_id == UUID(listing["id"])
        )
    )
    assert event is not None
    await open_awarded(desk.session, event)
    (deal,) = await deals_of(desk.session, ListingId(UUID(listing["id"])))
    return deal, event


async def test_an_agreements_notice_is_witnessed(desk: Desk, counter: Counter) -> None:
    """ST198: from its own rows, with the objections it met, before anybody signs or pays."""
    listing = await agreed(desk)
    await decided(desk, await objected(desk, listing), upheld=False)
    deal, event = await awarded(desk, listing)
    told = await issued(counter, deal.id, "notice_witness")
    facts = told["full"]["facts"]
    notices = done(await desk.get(f"listings/{listing['id']}/notices"))["items"]
    (notice,) = [item for item in notices if item["kind"] == "offer"]
    assert facts["notice"]["content_hash"] == notice["content_hash"]
    assert facts["notice"]["closed_at"].startswith(event.market_at.isoformat()[:16])
    assert (facts["notice"]["objections"], facts["mode"]) == (1, "agreement")
    assert facts["notice"]["objections_by_outcome"] == {"rejected": 1}
    assert "price" not in facts["deal"]
    got = await counter.get(f"deals/{deal.id}/certificates/{told['number']}/file")
    assert check(got.content, await key_set(desk.session)).facts == facts


async def test_who_may_not_see_the_full_form(
    counter: Counter, deal_id: DealId, world: World
) -> None:
    """ST192: another deal's certificate is not reached through one's own deal."""
    await sign(counter, deal_id)
    done(await counter.pay(deal_id, "610000.00"))
    number = (await issued(counter, deal_id))["number"]
    path = f"deals/{deal_id}/certificates/{number}/file?format=json"
    refusal(await counter.get(path, "buyer_staff", party_id=world.other_buyer), 403, "not_yours")
    refusal(
        await counter.get(f"deals/{deal_id}/certificates/ZP-C-2026-999999/file"),
        404,
        "certificate_unknown",
    )


async def test_a_demands_deal_is_certified_for_its_poster_and_solver(
    client: httpx.AsyncClient, counter: Counter, world: World, session: AsyncSession
) -> None:
    """ST190, ST192: signed, and its whole price in escrow."""
    work = Work(Board(client, world), session)
    _, (engagement,) = await work.engaged("800000.00")
    deal_id = DealId(UUID(engagement["deal_id"]))
    await sign(counter, deal_id)
    told = refusal(await counter.act(deal_id, "certificates", {}), 409, "certificate_not_due")
    assert [item["rule"] for item in told["missing"]] == ["due_paid"]
    done(await counter.pay(deal_id, "800000.00"))
    facts = (await issued(counter, deal_id))["full"]["facts"]
    assert (facts["mode"], facts["object"]["number"][:4]) == ("demand", "ZP-N")
    assert facts["buyer"]["name"] == "西溪智造有限公司"
    got = await counter.get(f"certificates/{facts['number']}/file?format=pdf", "anonymous")
    assert got.status_code == 200, got.text
    assert check(got.content, await key_set(session)).facts["mode"] == "demand"
