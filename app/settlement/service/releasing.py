"""The one way in which a deal's money goes from its escrow to its seller.

Money goes on as the items of the schedule are paid, unless a condition of the contract's effect
is open, or nothing is signed and the price is not there in full. A demand's deal is paid out by
its engagement, never here (ST21).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent
from app.settlement import repository
from app.settlement.domain.deal import Deal, DealStatus, hand_over, settle
from app.settlement.domain.dues import Due, release_entry_id, to_release
from app.settlement.repository.dues import dues_of, held_back
from app.settlement.service import charging
from app.settlement.service.settling import deal_event
from app.shared.ids import EntryId, MarketId, PartyId
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class Release:
    """What of a deal's escrow goes on, under the id of its entry in the ledger."""

    deal: Deal
    amount: Money
    entry_id: EntryId


async def release(
    session: AsyncSession,
    deal: Deal,
    amount: Money,
    *,
    entry_id: EntryId,
    now: datetime,
    actor: Actor | str,
) -> Deal:
    """Hand an amount of a deal's escrow to its seller, less the charges that it owes.

    Journals ``deal.released`` for the seller. The caller holds the deal's lock.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    (moved,), events = await _hand_over(
        session, [Release(deal, amount, entry_id)], now=now, actor=actor
    )
    await repository.save_deal(session, moved)
    await journal.append(session, *events)
    return moved


async def release_what_waits(
    session: AsyncSession, deal: Deal, now: datetime, actor: Actor | str
) -> Deal:
    """Hand over what paid items brought and nothing holds back any more; settle what is whole.

    Repeating it does nothing. The caller holds the deal's lock.
    """
    dues = await dues_of(session, deal.id)
    (moved,) = await release_ready(session, [(deal, dues)], now=now, actor=actor)
    return moved


async def release_ready(
    session: AsyncSession,
    deals: Sequence[tuple[Deal, Sequence[Due]]],
    *,
    now: datetime,
    actor: Actor | str,
) -> list[Deal]:
    """Hand over what waits of many deals in one go; return all of them, in order (ST5, ST65)."""
    held = await held_back(session, [deal.id for deal, _ in deals])
    free = [(deal, dues) for deal, dues in deals if deal.id not in held and _may_go_on(deal)]
    steps = [
        Release(deal, amount, release_entry_id(deal.id, released=deal.released))
        for deal, dues in free
        if (amount := to_release(dues, released=deal.released)).amount_minor > 0
    ]
    moved, events = await _hand_over(session, steps, now=now, actor=actor)
    latest = {deal.id: deal for deal, _ in deals} | {deal.id: deal for deal in moved}
    settled = [
        settle(latest[deal.id], now=now)
        for deal, _ in free
        if latest[deal.id].status is DealStatus.PAID
    ]
    latest |= {deal.id: deal for deal in settled}
    changed = {deal.id for deal in [*moved, *settled]}
    await repository.save_deals(session, [latest[deal_id] for deal_id in sorted(changed)])
    events += [deal_event(deal, "settled", actor, now) for deal in settled]
    await journal.append(session, *events)
    return [latest[deal.id] for deal, _ in deals]


def _may_go_on(deal: Deal) -> bool:
    if deal.engagement_id is not None or deal.status is DealStatus.DEFAULTED:
        return False
    return deal.signed_at is not None or deal.status is not DealStatus.OPENED


async def _hand_over(
    session: AsyncSession, steps: Sequence[Release], *, now: datetime, actor: Actor | str
) -> tuple[list[Deal], list[NewEvent]]:
    if not steps:
        return [], []
    await lock_sides(session, [step.deal for step in steps])
    owing = await charging.owing_sellers(session, [step.deal.id for step in steps])
    entries, moved, events = [], [], []
    for step in steps:
        deal = hand_over(step.deal, step.amount)
        net = step.amount
        if deal.id in owing:
            net = await charging.withhold(
                session, step.deal, net, release_id=step.entry_id, now=now, actor=actor
            )
        if net.amount_minor:
            entries.append(
                ledger.settlement(
                    entry_id=step.entry_id,
                    market_id=deal.market_id,
                    deal_id=deal.id,
                    seller_id=deal.seller_id,
                    amount=net,
                )
            )
        told = {
            "amount": step.amount,
            "withheld": step.amount - net,
            "net": net,
            "released": deal.released,
        }
        moved.append(deal)
        event = deal_event(deal, "released", actor, now, restricted=told)
        # The seller's charges are none of the buyer's business.
        events.append(replace(event, audience=frozenset({deal.seller_id})))
    await ledger.book_all(session, entries, at=now, actor=actor)
    return moved, events


async def lock_sides(session: AsyncSession, deals: Sequence[Deal]) -> None:
    """Lock the accounts of the deals' sides and brokers, markets and currencies in order."""
    brokers = await charging.brokers_of(session, [deal.id for deal in deals])
    sides: dict[tuple[MarketId, str], set[PartyId]] = {}
    for deal in deals:
        parties = sides.setdefault((deal.market_id, deal.price.currency), set())
        parties |= {deal.seller_id, deal.buyer_id, *brokers.get(deal.id, frozenset())}
    for market_id, currency in sorted(sides):
        await ledger.lock_parties(
            session,
            market_id=market_id,
            party_ids=sides[market_id, currency],
            currency=currency,
        )
