"""The world that endpoint tests play in: two sandbox markets with their parties.

``world`` is committed once a worker and its clocks are set back for every test; what a test
changes is rolled back. ``own_world`` is the same on ``database`` for tests that really commit,
with ``own_client`` and ``own_runtime`` beside it.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import (
    NewParty,
    PartyKind,
    PartyStatus,
    add_membership,
    create_party,
    create_user,
    hash_password,
)
from app.main import create_app
from app.markets.public import create_market
from app.permissions import scopes_of
from app.platform.access import SYSTEM, Actor, Role
from app.platform.clock import lock_sandbox, set_sandbox
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.platform.tokens import Tokens
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, PartyId, UserId, new_id
from tests.databases import made

START: Final = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
PASSWORD: Final = "correct horse battery"

# Fictitious, with valid check digits: app/demo/data/parties.json has more.
_EXCHANGE = NewParty(
    kind=PartyKind.ORGANISATION,
    name="测试技术交易中心",
    credit_code="91330106305184621M",
    region_code="330106",
    party_type="state_owned_enterprise",
)
_UNIVERSITY = NewParty(
    kind=PartyKind.ORGANISATION,
    name="之澜理工大学",
    credit_code="12330110470128359P",
    region_code="330110",
    seller_class="university",
    party_type="higher_education",
    representative="陆景深",
    address="杭州市余杭区北苕大道1号",
)


def credit_code(number: int) -> str:
    """Return the number-th valid code of an enterprise in Hangzhou.

    Source: GB 32100-2015, check character of modulus 31 with weights 3^i.
    """
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91330106{number:09d}"
    total = sum(alphabet.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return body + alphabet[-total % 31]


def organisation(number: int, name: str, *, seller_class: str | None = "private") -> NewParty:
    """Return the data of an enterprise with a credit code of its own."""
    return NewParty(
        kind=PartyKind.ORGANISATION,
        name=name,
        credit_code=credit_code(number),
        region_code="330106",
        seller_class=seller_class,
        party_type="domestic_enterprise",
        representative=f"章启{number}",
        address=f"杭州市西湖区望溪路{number}号",
    )


_STAFF: Final[Mapping[str, tuple[NewParty, Role]]] = {
    "seller": (_UNIVERSITY, Role.SELLER_STAFF),
    "other_seller": (organisation(2, "启明新材料有限公司"), Role.SELLER_STAFF),
    "buyer": (organisation(3, "西溪智造有限公司"), Role.BUYER_STAFF),
    "other_buyer": (organisation(4, "南湖机电有限公司"), Role.BUYER_STAFF),
    "third_buyer": (organisation(5, "甬江生物有限公司"), Role.BUYER_STAFF),
    "operator": (_EXCHANGE, Role.OPERATOR),
    "auditor": (organisation(6, "钱塘会计师事务所"), Role.AUDITOR),
}
_ELSEWHERE: Final = {name: _STAFF[name] for name in ("seller", "buyer", "operator")}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Two sandbox markets at 2026-03-02 09:00 in Shanghai; every party is verified.

    Attributes:
        seller, other_seller: A university and a private enterprise.
        operator: The exchange's own party.
        users: The one user of each party; logins are ``<name>`` and ``<name>-elsewhere``, the
            password is ``PASSWORD``.
    """

    market_id: MarketId
    other_market_id: MarketId
    seller: PartyId
    other_seller: PartyId
    buyer: PartyId
    other_buyer: PartyId
    third_buyer: PartyId
    operator: PartyId
    auditor: PartyId
    seller_elsewhere: PartyId
    buyer_elsewhere: PartyId
    operator_elsewhere: PartyId
    users: Mapping[PartyId, UserId]
    tokens: Tokens

    def party_of(self, role: Role, market: Literal["own", "other"] = "own") -> PartyId:
        """Return the party that a role's first staff acts for."""
        elsewhere = market == "other"
        match role:
            case Role.SELLER_STAFF:
                return self.seller_elsewhere if elsewhere else self.seller
            case Role.BUYER_STAFF | Role.BROKER | Role.EXPERT | Role.PARTNER:
                return self.buyer_elsewhere if elsewhere else self.buyer
            case Role.AUDITOR if not elsewhere:
                return self.auditor
            case _:
                return self.operator_elsewhere if elsewhere else self.operator

    def actor(
        self,
        role: Role | str,
        party_id: PartyId | None = None,
        market: Literal["own", "other"] = "own",
    ) -> Actor:
        """Return who acts in a role for a party, by default the role's first."""
        role = Role(role)
        party = party_id or self.party_of(role, market)
        user = self.users.get(party, UserId(new_id()))
        return Actor(
            f"user:{user}",
            role,
            party,
            self.market_id if market == "own" else self.other_market_id,
            scopes_of(role),
        )

    def headers(
        self,
        role: Role | str,
        party_id: PartyId | None = None,
        market: Literal["own", "other"] = "own",
    ) -> dict[str, str]:
        """Return the bearer header of the actor; none for the anonymous."""
        if Role(role) is Role.ANONYMOUS:
            return {}
        return {"Authorization": f"Bearer {self.tokens.issue(self.actor(role, party_id, market))}"}

    async def at(
        self, session: AsyncSession, moment: datetime, market_id: MarketId | None = None
    ) -> None:
        """Let a market's clock, by default the own one's, show ``moment``, earlier or later."""
        market_id = market_id or self.market_id
        await lock_sandbox(session, market_id)
        await set_sandbox(session, market_id, moment)

    async def later(self, session: AsyncSession, **span: float) -> datetime:
        """Move the own market's clock on by ``days=…, hours=…, minutes=…``; runs no timers."""
        moment = await lock_sandbox(session, self.market_id) + timedelta(**span)
        await set_sandbox(session, self.market_id, moment)
        return moment


_HASHED: list[str] = []


def _password_hash() -> str:
    if not _HASHED:
        _HASHED.append(hash_password(PASSWORD))
    return _HASHED[0]


async def _market(session: AsyncSession, code: str) -> MarketId:
    return await create_market(
        session,
        code=code,
        name_zh=f"测试交易所 {code}",
        name_en=f"Test exchange {code}",
        region_code="330000",
        edition="general",
        starts_at=START,
        actor=SYSTEM,
    )


async def _populate(
    session: AsyncSession,
    market_id: MarketId,
    staff: Mapping[str, tuple[NewParty, Role]],
    suffix: str,
) -> tuple[dict[str, PartyId], dict[PartyId, UserId]]:
    parties, users = {}, {}
    for name, (new, role) in staff.items():
        party_id = await create_party(
            session,
            market_id=market_id,
            new=new,
            status=PartyStatus.VERIFIED,
            actor=SYSTEM,
            now=START,
        )
        user_id = await create_user(
            session,
            login=name + suffix,
            password_hash=_password_hash(),
            display_name=f"{new.name}经办人",
        )
        await add_membership(
            session, user_id=user_id, party_id=party_id, market_id=market_id, role=role
        )
        parties[name + suffix.replace("-", "_")] = party_id
        users[party_id] = user_id
    return parties, users


async def build_world(session: AsyncSession, tokens: Tokens) -> World:
    """Make the two markets and everyone in them."""
    market_id = await _market(session, "test-own")
    other_market_id = await _market(session, "test-other")
    own, users = await _populate(session, market_id, _STAFF, "")
    other, others = await _populate(session, other_market_id, _ELSEWHERE, "-elsewhere")
    return World(
        market_id=market_id,
        other_market_id=other_market_id,
        users=users | others,
        tokens=tokens,
        **own,
        **other,
    )


@pytest.fixture(scope="session")
async def committed_world(shared_database: Database, shared_runtime: Runtime) -> World:
    """The world of this worker's rolled-back tests."""
    url = shared_database.engine.url.render_as_string(hide_password=False)
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as session:
            return await build_world(session, shared_runtime.tokens)
    finally:
        await database.close()


@pytest.fixture
async def world(committed_world: World, session: AsyncSession) -> World:
    """The world with its clocks at START, in the transaction that is rolled back."""
    for market_id in (committed_world.market_id, committed_world.other_market_id):
        await committed_world.at(session, START, market_id)
    return committed_world


@pytest.fixture
async def own_runtime(database: Database, shared_runtime: Runtime) -> Runtime:
    """A runtime on a database of the test's own, with real commits."""
    return replace(shared_runtime, database=database, live={})


@pytest.fixture(scope="session")
async def world_template(
    server_url: str, template: str, shared_runtime: Runtime
) -> AsyncIterator[tuple[str, World]]:
    """A database with a committed world, to be cloned: making it takes longer than a clone."""
    async with made(server_url, template) as (name, database):
        async with database.transaction() as session:
            world = await build_world(session, shared_runtime.tokens)
        await database.close()
        yield name, world


@pytest.fixture
async def own_world(own_runtime: Runtime, world_template: tuple[str, World]) -> World:
    """A world on the test's own database, really committed, its clocks at START."""
    world = world_template[1]
    async with own_runtime.database.transaction() as session:
        for market_id in (world.market_id, world.other_market_id):
            await world.at(session, START, market_id)
    return world


@pytest.fixture
async def own_client(own_runtime: Runtime, shared_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The whole API on the test's own database."""
    app = create_app(own_runtime)
    # The same routes are described by the same words, which take a second to find.
    app.openapi = shared_app.openapi  # type: ignore[method-assign]
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://zhepai.test") as client:
        yield client
