"""A market with a seller, an operator and bidders, for the scripts that measure or break it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.demo.api import Api, Who
from app.demo.market import content, records
from app.demo.steps import accept_achievement, become_bidder, draft_listing, publish
from app.identity import public as identity
from app.markets import public as markets
from app.permissions import scopes_of
from app.platform.access import SYSTEM, Actor, Role
from app.platform.runtime import Runtime
from app.shared.ids import MarketId, PartyId

OPERATOR: Final = Who(Role.OPERATOR, "operator")
SELLER: Final = Who(Role.SELLER_STAFF, "seller")


def buyer(number: int) -> Who:
    """Return the staff of a bidder."""
    return Who(Role.BUYER_STAFF, f"buyer{number}")


@dataclass(frozen=True)
class Market:
    """A sandbox market; parties ``seller`` and ``buyer0`` … act with tokens of their own.

    Attributes:
        names: Registered names of the bidders, by key: a deposit comes from that name.
    """

    runtime: Runtime
    id: MarketId
    parties: dict[str, PartyId]
    names: dict[str, str]

    def actor(self, who: Who) -> Actor:
        """Return who acts; the operator's own party is nobody's."""
        party = self.parties.get(who.party_key, PartyId(UUID(int=0)))
        return Actor(f"user:{party}", who.role, party, self.id, scopes_of(who.role))

    def token(self, who: Who) -> str:
        """Return a fresh access token."""
        return self.runtime.tokens.issue(self.actor(who))

    def headers(self, who: Who) -> dict[str, str]:
        """Return a bearer header."""
        return {"Authorization": f"Bearer {self.token(who)}"}


async def make_market(runtime: Runtime, *, bidders: int, starts_at: str) -> Market:
    """Found a sandbox market with verified parties; commits."""
    seller = next(party for party in records("parties") if party["seller_class"] == "private")
    fields = {**content(seller, "roles"), "kind": identity.PartyKind.ORGANISATION}
    names = {f"buyer{number}": f"竞买人{number:02d}" for number in range(bidders)}
    news = {"seller": identity.NewParty(**fields)} | {
        key: identity.NewParty(
            kind=identity.PartyKind.PERSON, name=name, party_type="natural_person"
        )
        for key, name in names.items()
    }
    start = datetime.fromisoformat(starts_at)
    async with runtime.database.transaction() as session:
        market_id = await markets.create_market(
            session,
            code="bench",
            name_zh="基准测试市场",
            name_en="Benchmark market",
            region_code="330000",
            edition="general",
            starts_at=start,
            actor=SYSTEM,
        )
        parties = {
            key: await identity.create_party(
                session,
                market_id=market_id,
                new=new,
                status=identity.PartyStatus.VERIFIED,
                actor=SYSTEM,
                now=start,
            )
            for key, new in news.items()
        }
    return Market(runtime, market_id, parties, names)


@dataclass(frozen=True)
class Lot:
    """A lot whose notice is out and whose bidders have paid their deposits.

    Attributes:
        codes: Parties by bidder code.
    """

    auction_id: UUID
    opens_at: datetime
    codes: Mapping[str, PartyId]


async def make_lot(
    api: Api, market: Market, number: int, *, terms: Mapping[str, Any], opens_at: str | None = None
) -> Lot:
    """Bring a lot from its achievement to a published notice with all the market's bidders.

    Args:
        number: Which of the demo's public achievements is sold; they repeat.
        terms: With ``start``, which is the listing's floor.
        opens_at: By default the earliest opening.
    """
    public = [record for record in records("achievements") if record["confidentiality"] == "public"]
    body = content(public[number % len(public)], "owner")
    achievement_id = await accept_achievement(api, SELLER, OPERATOR, body)
    draft = await draft_listing(
        api,
        SELLER,
        achievement_id=achievement_id,
        conversion_mode=body["conversion_modes"][0],
        start=terms["start"],
        deposit={"amount": "100000.00", "currency": "CNY"},
        session_id=None,
    )
    opening = opens_at or draft["earliest_opening"]
    auction_id, listing = await publish(api, OPERATOR, draft, opens_at=opening, terms=dict(terms))
    clock = await api.get(None, f"/v1/markets/{market.id}/clock")
    codes = {}
    for place, (key, name) in enumerate(market.names.items()):
        registration = await become_bidder(
            api, buyer(place), OPERATOR, listing, name=name, received_at=clock["now"]
        )
        codes[registration["bidder_code"]] = market.parties[key]
    return Lot(UUID(auction_id), datetime.fromisoformat(opening), codes)


async def advance(api: Api, market: Market, moment: datetime) -> None:
    """Move the market's clock on; due timers run."""
    path = f"/v1/markets/{market.id}/sandbox/clock"
    await api.post(OPERATOR, path, {"advance_to": moment.isoformat()})
