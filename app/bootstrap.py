"""Founding an exchange: its market, its own party and its first operator, in one transaction."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from app.identity.public import (
    NewParty,
    PartyKind,
    PartyStatus,
    add_membership,
    check_login,
    create_party,
    create_user,
    hash_password,
)
from app.markets.public import create_market
from app.platform.access import SYSTEM, Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.postgres import database_url
from app.settings import Settings
from app.shared.errors import DomainError
from app.shared.ids import MarketId, PartyId, UserId

__all__ = ["Exchange", "Founded", "NewParty", "PartyKind", "found_exchange", "found_from_shell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What an exchange is founded with.

    Attributes:
        starts_at: First moment of a sandbox; ``None`` founds a live market.
        party: The organisation that runs it.
        password: Of the first operator; hashed and forgotten.
    """

    code: str
    name_zh: str
    name_en: str
    region_code: str
    edition: str
    starts_at: datetime | None
    party: NewParty
    login: str
    password: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Founded:
    """The ids of a new exchange."""

    market_id: MarketId
    party_id: PartyId
    user_id: UserId


async def found_exchange(database: Database, exchange: Exchange) -> Founded:
    """Found an exchange, whole or not at all.

    Raises:
        DomainError: The code or the login is taken, or a value is not accepted.
    """
    login = check_login(exchange.login, password=exchange.password)
    password_hash = hash_password(exchange.password)
    async with database.transaction() as session:
        market_id = await create_market(
            session,
            code=exchange.code,
            name_zh=exchange.name_zh,
            name_en=exchange.name_en,
            region_code=exchange.region_code,
            edition=exchange.edition,
            starts_at=exchange.starts_at,
            actor=SYSTEM,
        )
        party_id = await create_party(
            session,
            market_id=market_id,
            new=exchange.party,
            status=PartyStatus.VERIFIED,
            actor=SYSTEM,
            now=await market_now(session, market_id),
        )
        user_id = await create_user(
            session,
            login=login,
            password_hash=password_hash,
            display_name=exchange.display_name,
        )
        await add_membership(
            session,
            user_id=user_id,
            party_id=party_id,
            market_id=market_id,
            role=Role.OPERATOR,
        )
    return Founded(market_id, party_id, user_id)


def found_from_shell(settings: Settings, exchange: Exchange) -> tuple[str, bool]:
    """Found an exchange in the configured database; return a line to print and the success."""
    url = database_url(settings)

    async def found() -> Founded:
        database = Database(url, pool_size=1)
        try:
            return await found_exchange(database, exchange)
        finally:
            await database.close()

    try:
        founded = asyncio.run(found())
    except DomainError as refusal:
        titles = f"{refusal.title_zh} / {refusal.title_en}"
        return f"{titles}: {refusal.detail} {refusal.fields}", False
    ids = f"market_id={founded.market_id} party_id={founded.party_id}"
    return f"{ids} login={exchange.login}", True
