"""Parties that subscribe, entries that are told, and what stands in the inboxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.repository import achievements
from app.listings.schemas.achievements import AchievementBody
from app.matching.domain.entry import Entry, EntryKind, Facts
from app.matching.domain.match import Basis, StoredResult, Verdict
from app.matching.repository.entries import load_current
from app.matching.service.pushing import tell_of
from app.platform.access import Role
from app.shared.ids import AchievementId, PartyId, new_id
from tests.listings.factories import Json, achievement_body, done
from tests.matching.market import Market
from tests.world import START, World


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A party that subscribes over HTTP and reads its inbox, by default the buyer."""

    client: httpx.AsyncClient
    world: World
    role: Role = Role.BUYER_STAFF
    party: PartyId | None = None

    async def send(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        headers = self.world.headers(self.role, self.party)
        if method != "GET":
            headers["Idempotency-Key"] = str(new_id())
        return await self.client.request(method, f"/v1/{path}", json=body, headers=headers)

    async def subscribe(self, source: Json, **settings: Any) -> Json:
        body = {"name": "我的关注", "source": source, **settings}
        return done(await self.send("POST", "match-subscriptions", body))

    async def change(self, subscription: Json, **settings: Any) -> Json:
        path = f"match-subscriptions/{subscription['id']}"
        return done(await self.send("PUT", path, {"name": "我的关注", **settings}))

    async def end(self, subscription: Json) -> None:
        path = f"match-subscriptions/{subscription['id']}"
        assert (await self.send("DELETE", path)).status_code == 204

    async def told(self) -> Sequence[Json]:
        """Return what stands in the inbox of subscriptions, oldest first."""
        items: list[Json] = []
        cursor = ""
        while True:
            page = done(await self.send("GET", f"notifications?limit=200{cursor}"))
            items += page["items"]
            if page["next"] is None:
                break
            cursor = f"&cursor={quote(page['next'])}"
        return [item for item in items[::-1] if item["topic"] == "matching.subscription"]


def titles(message: Json) -> list[str]:
    """Return what a message tells of, best first."""
    return [item["title"] for item in message["data"]["items"]]


async def tell(market: Market, *ids: UUID) -> None:
    """Match entries and tell of them, as the indexer does."""
    for id_ in ids:
        result = await market.match(id_)
        current = await load_current(market.session, [id_])
        await tell_of(market.session, market.engine, current[id_].entry, result)


async def shelved(session: AsyncSession, world: World, title: str, abstract: str) -> Entry:
    """Put an achievement of the seller's on the shelf at once; return it as it is matched."""
    sent = achievement_body(title=title, abstract=abstract, keywords=[])
    content = AchievementBody.model_validate(sent).content()
    found = Achievement(
        id=AchievementId(new_id()),
        market_id=world.market_id,
        party_id=world.seller,
        status=AchievementStatus.ACCEPTED,
        content=content,
        version=1,
        collected_at=START,
        submitted_at=START,
        reviewed_at=START,
    )
    await achievements.insert(session, found)
    return Entry(
        id=found.id,
        kind=EntryKind.ACHIEVEMENT,
        market_id=found.market_id,
        party_id=found.party_id,
        revision=1,
        title=title,
        keywords=(),
        text=abstract,
        facts=Facts(technology_field=content.technology_field),
    )


def found_nothing(entry: Entry) -> StoredResult:
    """Return an entry's result where nothing was there to be found."""
    return StoredResult(
        id=new_id(),
        market_id=entry.market_id,
        party_id=entry.party_id,
        kind=entry.kind,
        entry_id=entry.id,
        revision=entry.revision,
        computed_at=START,
        verdict=Verdict.NONE,
        basis=Basis(weights="default", calibration="2026-11-26", model=None),
        excluded={},
        matches=(),
    )
