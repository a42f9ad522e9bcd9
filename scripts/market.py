"""A market with a seller, an operator and bidders, for the scripts that measure or break it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.demo.api import Who
from app.demo.market import content, records
from app.identity import public as identity
from app.markets import public as markets
from app.permissions import scopes_of
from app.platform.access import SYSTEM, Actor
from app.platform.runtime import Runtime
from app.shared.ids import MarketId, PartyId


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
