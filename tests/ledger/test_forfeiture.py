"""Forfeited deposits: out of a hold, out of a deal's escrow, and what goes back instead."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger.domain.accounts import Purpose
from app.ledger.domain.entries import EntryDiffers, NotReversible
from app.ledger.domain.holds import HoldTrigger, closing_entry_id
from app.platform.journal import history
from app.shared.ids import DealId, EntryId, HoldId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.ledger.factories import ACTOR, AT, Books


async def forfeit(books: Books, hold_id: HoldId, ground: str = "违约 / default") -> None:
    await ledger.forfeit(books.session, hold_id=hold_id, at=AT, actor=ACTOR, ground=ground)


async def test_a_forfeited_hold_is_the_markets_and_ends_once(session: AsyncSession) -> None:
    """G6, G10"""
    books, someone = Books(session), PartyId(new_id())
    await books.receive(someone, 1_000)
    hold_id = await books.hold(someone, 300)
    for _ in range(2):
        await forfeit(books, hold_id)
    assert (await ledger.get_hold(session, hold_id)).state is ledger.HoldState.FORFEITED
    assert (await books.funds(someone), await books.forfeited()) == (700, 300)
    assert await books.totals() == (Money(0),)
    with pytest.raises(TransitionRefused):
        await ledger.release(session, hold_id=hold_id, at=AT, actor=ACTOR)
    with pytest.raises(TransitionRefused):
        await ledger.capture(session, hold_id=hold_id, deal_id=DealId(new_id()), at=AT, actor=ACTOR)
    with pytest.raises(EntryDiffers):
        await forfeit(books, hold_id, "another ground")


async def test_the_party_reads_the_ground(session: AsyncSession) -> None:
    """G9, G10"""
    books, someone = Books(session), PartyId(new_id())
    await books.receive(someone, 10)
    hold_id = await books.hold(someone, 10)
    await forfeit(books, hold_id, "未签约")
    lines = await ledger.trial_balance(session, books.market_id)
    assert {line.purpose: line.debit for line in lines}[Purpose.FORFEITED] == Money(-10)
    (event,) = await history(session, closing_entry_id(hold_id, HoldTrigger.FORFEIT))
    assert event.audience == [someone]
    assert event.public == {}
    assert (event.restricted["kind"], event.restricted["reference"]) == ("forfeiture", "未签约")


@given(deposit=st.integers(1, 10**13), rest=st.integers(0, 10**13))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_after_a_default_the_escrow_is_empty_and_nothing_is_lost(
    session: AsyncSession, deposit: int, rest: int
) -> None:
    """G2, G10"""
    books, buyer = Books(session), PartyId(new_id())
    deal_id = DealId(buyer)
    await books.receive(buyer, deposit + rest)
    hold_id = await books.hold(buyer, deposit)
    await ledger.capture(session, hold_id=hold_id, deal_id=deal_id, at=AT, actor=ACTOR)
    lost, back = EntryId(new_id()), EntryId(new_id())
    if rest:
        await ledger.pay_into_escrow(
            session,
            entry_id=EntryId(new_id()),
            market_id=books.market_id,
            party_id=buyer,
            deal_id=deal_id,
            amount=Money(rest),
            at=AT,
            actor=ACTOR,
        )
    for _ in range(2):
        await books.forfeit_escrow(deal_id, deposit, entry_id=lost)
        if rest:
            await books.refund_escrow(buyer, rest, entry_id=back)
    escrow = await ledger.escrow_of(session, market_id=books.market_id, deal_id=deal_id)
    assert escrow == Money(0)
    assert (await books.funds(buyer), await books.forfeited()) == (rest, deposit)
    assert await books.totals() == (Money(0),)
    with pytest.raises(ledger.InsufficientFunds):
        await books.forfeit_escrow(deal_id, 1)
    with pytest.raises(NotReversible):
        await ledger.reverse(
            session,
            entry_id=lost,
            reversal_id=EntryId(new_id()),
            at=AT,
            actor=ACTOR,
            reason="wrong",
        )
