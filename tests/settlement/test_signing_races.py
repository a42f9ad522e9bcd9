"""Real commits side by side: signatures of both sides, and a new version between them."""

import asyncio

import httpx
import pytest

from app.platform.db import Database
from app.settlement.domain.deal import Side
from app.settlement.repository import texts
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import Json, done
from tests.settlement.factories import Counter, sell
from tests.settlement.signing_desk import SigningDesk
from tests.settlement.test_concurrency import committed_lot
from tests.world import World

pytestmark = pytest.mark.concurrency


@pytest.fixture
async def deal_id(database: Database, own_client: httpx.AsyncClient, own_world: World) -> DealId:
    sold = await committed_lot(database, own_client, own_world, "buyer")
    async with database.transaction() as session:
        deal_id = await sell(session, own_world, sold, Money.parse("730000.00"))
    async with database.transaction() as session:
        done(await Counter(own_client, own_world, session).fix(deal_id, 0))
    return deal_id


async def test_both_sides_sign_at_once_and_the_deal_is_signed_once(
    database: Database, own_client: httpx.AsyncClient, own_world: World, deal_id: DealId
) -> None:
    """ST35, ST40: four of each side at once; one of each counts, the second one signs."""
    async with database.transaction() as session:
        desk = SigningDesk(Counter(own_client, own_world, session), deal_id)
        text = done(await desk.draft())
        roles = ["seller_staff", "buyer_staff"] * 4
        answers = await asyncio.gather(*(desk.sign(text, role) for role in roles))
    good = [answer.json() for answer in answers if answer.status_code == 201]
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert sorted(len(it["signatures"]) for it in good) == [1, 2]
    assert refused <= {"contract_text_side_signed", "deal_signed"}
    async with database.transaction() as session:
        kept = await texts.signatures_of(session, deal_id)
        assert {signature.side for _, signature in kept} == set(Side)
        assert len(kept) == 2
        desk = SigningDesk(Counter(own_client, own_world, session), deal_id)
        types = [event.type for event in await desk.events()]
        assert [types.count(f"deal.{what}") for what in ("signed", "effective")] == [1, 1]
        assert (await desk.deal())["signed_text_hash"] == text["text_hash"]


async def test_a_signature_and_a_new_version_at_once_exclude_each_other(
    database: Database, own_client: httpx.AsyncClient, own_world: World, deal_id: DealId
) -> None:
    """ST37: either the old text is signed and there is no new one, or it is signable no more."""
    async with database.transaction() as session:
        desk = SigningDesk(Counter(own_client, own_world, session), deal_id)
        text: Json = done(await desk.draft())
        done(await desk.sign(text))
        signing, drafting = await asyncio.gather(
            desk.sign(text, "buyer_staff"), desk.draft(role="operator")
        )
    async with database.transaction() as session:
        desk = SigningDesk(Counter(own_client, own_world, session), deal_id)
        signed = (await desk.deal())["signed_at"] is not None
        newest = await texts.newest_number(session, deal_id)
    if signing.status_code == 201:
        assert (signed, newest, drafting.json()["code"]) == (True, 1, "deal_signed")
    else:
        assert (signed, newest) == (False, 2)
        assert signing.json()["code"] == "contract_text_superseded"
        assert drafting.status_code == 201
