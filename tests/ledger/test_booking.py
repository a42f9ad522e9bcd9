"""Booking on a real database: movements, repeats, refusals, history."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger import repository
from app.ledger.domain.accounts import Purpose
from app.ledger.domain.entries import (
    AlreadyReversed,
    AmountNotPositive,
    EntryDiffers,
    EntryUnknown,
    NotReversible,
)
from app.ledger.domain.holds import HoldDiffers, HoldUnknown, holding_entry_id
from app.platform.journal import history
from app.shared.ids import AccountId, DealId, EntryId, HoldId, PartyId, new_id
from app.shared.money import AMOUNT_MINOR_MAX, Money
from app.shared.transitions import TransitionRefused
from tests.ledger.factories import ACTOR, AT, Books


def party() -> PartyId:
    return PartyId(new_id())


async def test_a_deal_moves_the_money_from_bank_to_seller(session: AsyncSession) -> None:
    """G1, G2, G6"""
    books, buyer, seller, deal = Books(session), party(), party(), DealId(new_id())
    await books.receive(buyer, 1_000)
    deposit = await books.hold(buyer, 300)
    assert await books.funds(buyer) == 700
    await ledger.capture(session, hold_id=deposit, deal_id=deal, at=AT, actor=ACTOR)
    await ledger.pay_into_escrow(
        session,
        entry_id=EntryId(new_id()),
        market_id=books.market_id,
        party_id=buyer,
        deal_id=deal,
        amount=Money(700),
        at=AT,
        actor=ACTOR,
    )
    assert await ledger.escrow_of(session, market_id=books.market_id, deal_id=deal) == Money(1_000)
    await ledger.settle_escrow(
        session,
        entry_id=EntryId(new_id()),
        market_id=books.market_id,
        deal_id=deal,
        seller_id=seller,
        amount=Money(1_000),
        at=AT,
        actor=ACTOR,
    )
    order_id = await books.order(seller, 400)
    await ledger.execute(
        session,
        order_id=order_id,
        market_id=books.market_id,
        amount=Money(400),
        reference="bank 2",
        at=AT,
        actor=ACTOR,
    )
    lines = {
        line.purpose: line.debit for line in await ledger.trial_balance(session, books.market_id)
    }
    assert lines == {
        Purpose.BANK: Money(600),
        Purpose.FUNDS: Money(-600),
        Purpose.HELD: Money(0),
        Purpose.ESCROW: Money(0),
        Purpose.OUTGOING: Money(0),
    }
    assert await books.totals() == (Money(0),)
    assert (await ledger.get_hold(session, deposit)).deal_id == deal


async def test_nothing_is_taken_beyond_the_balance(session: AsyncSession) -> None:
    """G3"""
    books, someone = Books(session), party()
    await books.receive(someone, 500)
    for refused in (books.order(someone, 501), books.hold(someone, 501)):
        with pytest.raises(ledger.InsufficientFunds) as refusal:
            async with session.begin_nested():
                await refused
        assert refusal.value.fields["available"] == Money(500)
        assert refusal.value.fields["needed"] == Money(501)
    assert await books.funds(someone) == 500
    assert len(await ledger.trial_balance(session, books.market_id)) == 2


async def test_a_repeated_id_books_once_and_another_content_is_refused(
    session: AsyncSession,
) -> None:
    """G4"""
    books, someone = Books(session), party()
    first = await books.receive(someone, 500)
    await books.receive(someone, 500, entry_id=first, at=AT + timedelta(hours=1))
    assert await books.funds(someone) == 500
    assert len(await history(session, first)) == 1
    with pytest.raises(EntryDiffers):
        await books.receive(someone, 501, entry_id=first)
    with pytest.raises(EntryDiffers):
        await books.receive(party(), 500, entry_id=first)
    # A repeat succeeds although a second booking would find nothing left.
    paid = await books.order(someone, 500)
    await books.order(someone, 500, order_id=paid)
    assert await books.funds(someone) == 0


async def test_a_hold_repeats_and_ends_once(session: AsyncSession) -> None:
    """G4, G6"""
    books, someone, deal = Books(session), party(), DealId(new_id())
    await books.receive(someone, 1_000)
    hold_id = await books.hold(someone, 400)
    await books.hold(someone, 400, hold_id=hold_id)
    assert await books.funds(someone) == 600
    with pytest.raises(HoldDiffers):
        await books.hold(someone, 401, hold_id=hold_id)
    with pytest.raises(HoldDiffers):
        await books.hold(someone, 400, hold_id=hold_id, subject_id=uuid4())
    for _ in range(2):
        await ledger.release(session, hold_id=hold_id, at=AT, actor=ACTOR)
    assert await books.funds(someone) == 1_000
    with pytest.raises(TransitionRefused):
        await ledger.capture(session, hold_id=hold_id, deal_id=deal, at=AT, actor=ACTOR)

    posted = await books.hold(someone, 400)
    for _ in range(2):
        await ledger.capture(session, hold_id=posted, deal_id=deal, at=AT, actor=ACTOR)
    with pytest.raises(HoldDiffers):
        await ledger.capture(session, hold_id=posted, deal_id=DealId(new_id()), at=AT, actor=ACTOR)
    with pytest.raises(TransitionRefused):
        await ledger.release(session, hold_id=posted, at=AT, actor=ACTOR)
    assert await books.totals() == (Money(0),)


async def test_unknown_holds_entries_and_amounts_are_refused(session: AsyncSession) -> None:
    books = Books(session)
    with pytest.raises(HoldUnknown):
        await ledger.release(session, hold_id=HoldId(new_id()), at=AT, actor=ACTOR)
    with pytest.raises(EntryUnknown):
        await ledger.reverse(
            session,
            entry_id=EntryId(new_id()),
            reversal_id=EntryId(new_id()),
            at=AT,
            actor=ACTOR,
            reason="typing error",
        )
    with pytest.raises(AmountNotPositive):
        await books.receive(party(), 0)


async def test_a_correction_is_a_reversal(session: AsyncSession) -> None:
    """G7"""
    books, someone, undo = Books(session), party(), EntryId(new_id())
    wrong = await books.receive(someone, 500)

    async def reverse(entry_id: EntryId, reversal_id: EntryId) -> None:
        await ledger.reverse(
            session,
            entry_id=entry_id,
            reversal_id=reversal_id,
            at=AT,
            actor=ACTOR,
            reason="typing error",
        )

    await reverse(wrong, undo)
    await reverse(wrong, undo)
    assert await books.funds(someone) == 0
    with pytest.raises(AlreadyReversed) as refusal:
        await reverse(wrong, EntryId(new_id()))
    assert refusal.value.fields["reversal_id"] == undo
    with pytest.raises(NotReversible):
        await reverse(undo, EntryId(new_id()))

    spent = await books.receive(someone, 500)
    hold_id = await books.hold(someone, 1)
    with pytest.raises(ledger.InsufficientFunds):
        await reverse(spent, EntryId(new_id()))
    with pytest.raises(NotReversible):
        await reverse(holding_entry_id(hold_id), EntryId(new_id()))
    assert await books.totals() == (Money(0),)


async def test_the_balance_of_any_past_moment_is_derivable(session: AsyncSession) -> None:
    """G8"""
    books, someone = Books(session), party()
    for day, minor in enumerate((100, 20, 3)):
        await books.receive(someone, minor, at=AT + timedelta(days=day))
    await books.order(someone, 23, at=AT + timedelta(days=3))
    ((account, present),) = await repository.list_accounts(
        session,
        market_id=books.market_id,
        party_id=someone,
        purpose=Purpose.FUNDS,
        before=None,
        limit=9,
    )
    assert present == Money(100)
    moments = [AT + timedelta(days=days, seconds=-1) for days in range(5)]
    seen = [await ledger.balance(session, account.id, at=moment) for moment in moments]
    assert seen == [Money(0), Money(100), Money(120), Money(123), Money(100)]
    assert await ledger.balance(session, account.id, at=AT) == Money(100)
    assert await ledger.balance(session, account.id) == Money(100)
    assert await ledger.balance(session, AccountId(new_id())) is None


async def test_currencies_and_markets_do_not_meet(session: AsyncSession) -> None:
    """G5"""
    here, there, someone = Books(session), Books(session), party()
    await here.receive(someone, 500)
    await here.receive(someone, 500)
    await ledger.receive(
        session,
        entry_id=EntryId(new_id()),
        market_id=here.market_id,
        party_id=someone,
        amount=Money(7, "USD"),
        reference="usd",
        at=AT,
        actor=ACTOR,
    )
    assert await there.funds(someone) == 0
    lines = await ledger.trial_balance(session, here.market_id)
    assert [(line.purpose, line.accounts, line.debit) for line in lines] == [
        (Purpose.BANK, 1, Money(1_000)),
        (Purpose.BANK, 1, Money(7, "USD")),
        (Purpose.FUNDS, 1, Money(-1_000)),
        (Purpose.FUNDS, 1, Money(-7, "USD")),
    ]
    assert await there.totals() == ()


async def test_an_entry_is_journaled_to_its_parties_only(session: AsyncSession) -> None:
    """G9"""
    books, someone = Books(session), party()
    booked = await books.receive(someone, 500)
    (event,) = await history(session, booked)
    assert event.type == "ledger.entry_booked"
    assert event.public == {}
    assert event.audience == [someone]
    assert event.restricted["actor"] == ACTOR
    assert [leg["debit"]["amount"] for leg in event.restricted["legs"]] == ["5.00", "-5.00"]


async def test_the_largest_amount_is_booked(session: AsyncSession) -> None:
    """G4: beyond 2^53 minor units a JSON number would no longer tell two movements apart."""
    books, rich = Books(session), party()
    await books.receive(rich, AMOUNT_MINOR_MAX)
    assert await books.funds(rich) == AMOUNT_MINOR_MAX
