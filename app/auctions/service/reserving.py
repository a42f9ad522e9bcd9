"""Deposit a secret reserve: encrypted at once, committed to in public, opened at the end."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.reserve import check_reserve
from app.auctions.repository import secrets
from app.auctions.service.events import auction_event
from app.auctions.service.staff import take
from app.auctions.vault import Vault
from app.platform import journal
from app.platform.access import Actor
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class Deposited:
    """What is told of a deposited reserve: nothing that lets anybody guess it.

    Its salt is published with it, at the end: a stored answer must not hold it before.
    """

    auction_id: UUID
    commitment: str
    deposited_at: datetime


async def deposit_reserve(
    session: AsyncSession, vault: Vault, actor: Actor, *, auction_id: UUID, amount: Money
) -> Deposited:
    """Deposit the consignor's secret reserve 保留价, over an earlier one, until the opening.

    Without one at the opening the published start decides.

    Raises:
        AuctionNotAnnounced: Its listing is a draft.
        ReserveNotSecret, ReserveTooLate, ReserveOutOfRange: Name what is accepted.

    Source: 拍卖法 28; README, AU42.
    """
    auction, now = await take(session, vault, auction_id)
    check_reserve(auction.state, amount)
    commitment = vault.commitment(auction.id, {"amount": amount})
    await secrets.save_reserve(
        session, auction.id, sealed=vault.seal(auction.id, amount), commitment=commitment
    )
    await journal.append(
        session,
        auction_event(
            auction,
            "reserve_deposited",
            before=auction.state,
            at=now,
            actor=actor.ref,
            public={"commitment": commitment},
        ),
    )
    return Deposited(auction.id, commitment, now)
