"""Real commits side by side: payments and a supplementary agreement on one schedule."""

import asyncio

import httpx
import pytest

from app.ledger import public as ledger
from app.platform.db import Database
from app.settlement import repository
from app.settlement.repository.dues import dues_of
from app.shared.money import Money
from tests.listings.factories import done
from tests.settlement.factories import Counter, sell
from tests.settlement.payment_terms import PRICE, Till, instalments
from tests.settlement.test_concurrency import committed_lot
from tests.world import World

pytestmark = pytest.mark.concurrency


async def test_payments_and_a_supplement_at_once_see_each_others_items(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST60, ST62, ST64: two payments are for the same rest of the first instalment."""
    sold = await committed_lot(database, own_client, own_world, "buyer")
    async with database.transaction() as session:
        deal_id = await sell(session, own_world, sold, PRICE)
    async with database.transaction() as session:
        found = Till(Counter(own_client, own_world, session), deal_id)
        done(await found.fix(instalments(interest_bp=0)))
        now = done(
            await own_client.get(f"/v1/deals/{deal_id}", headers=own_world.headers("operator"))
        )
        done(await found.act("signing", {"signed_at": now["confirmed_at"]}))
        later = [
            {"share_bp": 5_000, "due_on": "2026-10-31"},
            {"share_bp": 5_000, "due_on": "2026-11-30"},
        ]
        done(await found.propose(instalments(interest_bp=0, instalments=later)))
        answers = await asyncio.gather(
            found.pay("90000.00"),
            found.agree(),
            found.pay("90000.00"),
            found.agree(),
            *(found.pay("290000.00") for _ in range(3)),
        )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(404) == 1  # the second consent finds nothing that waits
    assert statuses.count(400) + statuses.count(409) == 2  # 580,000 are owed: one of three fits
    async with database.transaction() as session:
        deal = await repository.get_deal(session, deal_id)
        dues = await dues_of(session, deal_id)
        whole = sum((due.amount for due in dues if due.amount is not None), Money(0))
        counted = sum((due.paid for due in dues), Money(0))
        payments = await repository.payments_of(session, deal_id)
        assert (whole, counted) == (PRICE, deal.paid)
        assert sum((payment.amount for payment in payments), deal.deposit) == deal.paid
        assert deal.terms_version == 2
        market_id = own_world.market_id
        escrow = await ledger.escrow_of(session, market_id=market_id, deal_id=deal_id)
        funds = await ledger.funds_of(session, market_id=market_id, party_id=own_world.seller)
        assert (escrow, funds) == (deal.paid - deal.released, deal.released)
        assert ledger.totals(await ledger.trial_balance(session, own_world.market_id)) == (
            Money(0),
        )
