"""A contract that waits: for approval, for a first payment, for its filing; and its notice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import PartyRow
from app.ledger import public as ledger
from app.platform.clock import market_now
from app.platform.inbox import NotificationRow
from app.platform.timers import Timer
from app.settlement.handlers import TIMERS, open_awarded
from app.settlement.service.effects import FILING_DUE, FILING_SOON
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import Desk, done, refusal, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.settlement.signing_desk import SigningDesk
from tests.settlement.test_awarded import award_of, deals
from tests.world import World

PRICE = Money.parse("730000.00")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
APPROVAL = {"kind": "approval", "description": "经主管部门批准"}


@pytest.fixture
async def deal_id(session: AsyncSession, world: World, desk: Desk) -> DealId:
    return await sell(session, world, await lot(desk, "buyer"), PRICE)


@pytest.fixture
async def signing(counter: Counter, deal_id: DealId) -> SigningDesk:
    done(await counter.fix(deal_id, 0))
    return SigningDesk(counter, deal_id)


async def money(signing: SigningDesk) -> tuple[str, str]:
    """Return what is in escrow, and what the seller has."""
    world, session = signing.world, signing.session
    escrow = await ledger.escrow_of(session, market_id=world.market_id, deal_id=signing.deal_id)
    funds = await ledger.funds_of(session, market_id=world.market_id, party_id=world.seller)
    return str(escrow), str(funds)


async def today(signing: SigningDesk, **ago: float) -> str:
    now = await market_now(signing.session, signing.world.market_id)
    return (now - timedelta(**ago)).date().isoformat()


async def sign(signing: SigningDesk, seen: int = 2, kind: str = "transfer_patent") -> None:
    await signing.signed(done(await signing.draft(kind, seen=seen)))
    await signing.work()


async def test_money_waits_for_the_last_condition(signing: SigningDesk) -> None:
    """ST43, ST44, ST46"""
    named = done(await signing.name(APPROVAL, {"kind": "guarantee"}))
    assert (named["version"], [item["open"] for item in named["conditions"]]) == (2, [True, True])
    await sign(signing)
    deal = done(await signing.counter.pay(signing.deal_id, "610000.00"))
    await signing.work()
    assert (deal["status"], deal["effective_at"]) == ("paid", None)
    assert await money(signing) == ("730000.00", "0.00")
    refused = {"ground": "逾期", "refused": True}
    refusal(await signing.counter.act(signing.deal_id, "default", refused), 409, "deal_paid")
    proof = {"evidence_file_id": await signing.upload(PDF), "note": "浙科成〔2026〕7号"}
    day = await today(signing)
    done(await signing.fulfil(1, fulfilled_on=day, **proof))
    await signing.work()
    assert await money(signing) == ("730000.00", "0.00")
    refusal(await signing.fulfil(1, fulfilled_on=day, **proof), 409, "effect_condition_met")
    done(await signing.fulfil(2, fulfilled_on=day, **proof))
    assert (await signing.deal())["effective_at"] is not None
    await signing.work()
    assert await money(signing) == ("0.00", "730000.00")
    assert (await signing.deal())["status"] == "settled"
    # However often the worker comes, it is paid once.
    await signing.work()
    assert await money(signing) == ("0.00", "730000.00")


async def test_a_contract_whose_condition_failed_gives_everything_back(
    signing: SigningDesk,
) -> None:
    """ST48, ST43, ST41"""
    done(await signing.name(APPROVAL))
    failed = {"ground": "主管部门不予批准", "side": "seller", "finding": "condition_failed"}
    early = await signing.counter.act(signing.deal_id, "default", failed)
    refusal(early, 409, "condition_failure_unfit")
    await signing.signed(done(await signing.draft(seen=2)))  # no worker has come
    done(await signing.counter.pay(signing.deal_id, "610000.00"))
    ended = done(await signing.counter.act(signing.deal_id, "default", failed))
    assert (ended["status"], ended["default_reason"]) == ("defaulted", "condition_failed")
    assert (ended["returned"], ended["released"]) == (yuan("730000.00"), yuan("0.00"))
    assert await money(signing) == ("0.00", "0.00")
    before = len(await signing.events())
    await signing.work()
    assert await money(signing) == ("0.00", "0.00")
    assert len(await signing.events()) == before
    assert await notices(signing, market_id=signing.world.market_id) == []
    file_id = await signing.upload(PDF)
    late = await signing.fulfil(1, fulfilled_on=await today(signing), evidence_file_id=file_id)
    refusal(late, 409, "deal_unsigned")


async def test_a_first_payment_brings_the_contract_into_effect(signing: SigningDesk) -> None:
    """ST46: 120,000 came in with the deposit."""
    done(await signing.name({"kind": "first_payment", "amount": yuan("200000.00")}))
    await sign(signing)
    assert (await signing.deal())["effective_at"] is None
    day, file_id = await today(signing), await signing.upload(PDF)
    by_hand = await signing.fulfil(1, fulfilled_on=day, evidence_file_id=file_id)
    assert refusal(by_hand, 400, "effect_fulfilment_unfit")["accepted"] == []
    done(await signing.counter.pay(signing.deal_id, "79999.99"))
    await signing.work()
    assert (await signing.deal())["effective_at"] is None
    done(await signing.counter.pay(signing.deal_id, "530000.01"))
    await signing.work()
    shown = done(await signing.get("effect-conditions", "buyer_staff"))
    assert shown["conditions"][0]["recorded_by"] == "system"
    assert shown["effective_at"] is not None
    assert await money(signing) == ("0.00", "730000.00")


async def test_conditions_are_the_sellers_until_the_price_waits_for_them(
    signing: SigningDesk,
) -> None:
    """ST6, ST43, ST45"""
    refusal(await signing.name(APPROVAL, seen=0), 409, "version_mismatch")
    refusal(await signing.name(APPROVAL, role="buyer_staff"), 403, "not_yours")
    told = refusal(await signing.name(APPROVAL, APPROVAL), 400, "effect_conditions_unfit")
    assert told["errors"][0]["rule"] == "repeated"
    done(await signing.name(APPROVAL))
    file_id = await signing.upload(PDF)
    early = await signing.fulfil(1, fulfilled_on=await today(signing), evidence_file_id=file_id)
    refusal(early, 409, "deal_unsigned")
    done(await signing.counter.pay(signing.deal_id, "610000.00"))
    refusal(await signing.name(seen=2), 403, "not_yours")
    done(await signing.name(seen=2, role="operator"))
    await signing.work()
    assert await money(signing) == ("0.00", "730000.00")
    assert (await signing.deal())["status"] == "settled"
    named = [event for event in await signing.events() if event.type == "deal.conditions_named"]
    assert [event.restricted["version"] for event in named] == [2, 3]


async def test_a_fulfilment_is_shown(signing: SigningDesk) -> None:
    """ST46"""
    done(await signing.name(APPROVAL))
    await sign(signing)
    day = await today(signing)
    theirs = await signing.upload(PDF, "buyer_staff")
    refusal(await signing.fulfil(1, fulfilled_on=day), 400, "effect_fulfilment_unfit")
    borrowed = await signing.fulfil(1, fulfilled_on=day, evidence_file_id=theirs)
    refusal(borrowed, 404, "object_unknown")
    file_id = await signing.upload(PDF)
    beyond = await signing.fulfil(
        1, fulfilled_on=await today(signing, days=-2), evidence_file_id=file_id
    )
    refusal(beyond, 400, "effect_fulfilment_unfit")
    told = refusal(
        await signing.fulfil(7, fulfilled_on=day, evidence_file_id=file_id),
        404,
        "effect_condition_unknown",
    )
    assert told["accepted"] == [1]
    buyers = await signing.fulfil(1, "buyer_staff", fulfilled_on=day, evidence_file_id=theirs)
    refusal(buyers, 403, "not_yours")
    refusal(await signing.name(seen=2), 409, "deal_signed")


async def test_a_patent_licence_is_filed_and_reminded_of(signing: SigningDesk) -> None:
    """ST47"""
    licence: dict[str, Any] = {"contract_type": "licence_patent", "patent_ends_on": "2037-07-20"}
    done(await signing.counter.fix(signing.deal_id, 1, **licence))
    await sign(signing, 2, "licence_patent")
    shown = done(await signing.get("effect-conditions"))
    (duty,) = shown["conditions"]
    assert (duty["kind"], duty["open"], duty["due_on"]) == ("licence_filing", False, "2026-06-23")
    timers = list(
        await signing.session.scalars(
            select(Timer)
            .where(Timer.subject_id == signing.deal_id, Timer.kind.in_([FILING_SOON, FILING_DUE]))
            .order_by(Timer.due_at)
        )
    )
    assert [timer.due_at.date().isoformat() for timer in timers] == ["2026-05-24", "2026-06-23"]
    await TIMERS[timers[0].kind](signing.session, signing.deal_id, timers[0].due_at)
    file_id = await signing.upload(PDF)
    done(await signing.fulfil(1, fulfilled_on=await today(signing), evidence_file_id=file_id))
    await TIMERS[timers[1].kind](signing.session, signing.deal_id, timers[1].due_at)
    told = await signing.session.scalars(
        select(NotificationRow).where(NotificationRow.topic == "settlement.licence_filing")
    )
    assert sorted(row.party_id for row in told) == sorted(
        [signing.world.seller, signing.world.buyer]
    )


async def notices(signing: SigningDesk, **query: Any) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return list(done(await signing.counter.get(f"result-notices?{asked}", "anonymous"))["items"])


@pytest.mark.parametrize("consent", [False, True])
async def test_a_public_sellers_result_is_published(signing: SigningDesk, consent: bool) -> None:
    """ST41, ST42, ST10"""
    text = done(await signing.draft())
    done(await signing.sign(text, naming_consent=True))  # the seller cannot consent for the buyer
    assert await notices(signing, market_id=signing.world.market_id) == []
    done(await signing.sign(text, "buyer_staff", naming_consent=consent))
    await signing.work()
    await signing.work()
    (notice,) = await notices(signing, market_id=signing.world.market_id)
    assert notice["buyer_name"] == ("西溪智造有限公司" if consent else None)
    assert (notice["price"], notice["premium_rate"]) == (yuan("730000.00"), "0.2167")
    assert (notice["contract_type"], notice["pricing_mode"]) == ("transfer_patent", "bidding")
    # Signed on 2026-03-23: five working days are over with the 30th, 24:00 in Shanghai.
    assert notice["ends_at"] == "2026-03-30T16:00:00+00:00"
    assert await notices(signing, listing_id=notice["listing_id"]) == [notice]
    (told,) = [it for it in await signing.events() if it.type == "deal.result_noticed"]
    assert told.public["content_hash"] == notice["content_hash"]
    if not consent:
        assert str(signing.world.buyer) not in str(told.public)
        assert "西溪" not in str(told.public)


async def test_an_agreements_notice_has_named_its_buyer(desk: Desk, counter: Counter) -> None:
    """ST42; a paper contract is signed by the operator."""
    listing, event = await award_of(desk)
    await open_awarded(desk.session, event)
    (deal,) = await deals(desk, listing)
    now = await market_now(desk.session, desk.world.market_id)
    done(await counter.act(deal.id, "signing", {"signed_at": now.isoformat()}))
    signing = SigningDesk(counter, deal.id)
    await signing.work()
    (notice,) = await notices(signing, listing_id=listing["id"])
    assert (notice["buyer_name"], notice["pricing_mode"]) == ("西溪智造有限公司", "agreement")


async def test_a_private_sellers_result_is_its_own(signing: SigningDesk) -> None:
    """ST41"""
    private = update(PartyRow).where(PartyRow.id == signing.world.seller)
    await signing.session.execute(private.values(seller_class="private"))
    await signing.signed(done(await signing.draft()))
    await signing.work()
    assert (await signing.deal())["effective_at"] is not None
    assert await notices(signing, market_id=signing.world.market_id) == []
