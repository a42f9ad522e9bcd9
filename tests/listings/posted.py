"""Posted listings, as everybody at one exchange brings them on their way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx

from app.ledger import public as ledger
from app.listings.handlers import TIMERS
from app.listings.public import Listing, get_listing
from app.listings.service.posting import JUDGE_FIELD
from app.listings.service.publishing import CLOSE_DISCLOSURE
from app.markets.public import PolicyTerms
from app.platform.journal import history
from app.shared.ids import HoldId, ListingId, PartyId
from tests.listings.factories import Desk, Json, done, yuan

# A university's 15 days from 2026-03-02; 2026-03-17 is a Tuesday.
PLAN: Final[Json] = {
    "opens_after": 3,
    "opening_hour": 9,
    "terms": {
        "format": "multiple_bids",
        "start": yuan("600000.00"),
        "step": yuan("20000.00"),
        "free_phase_s": 3600,
        "window_s": 120,
        "priority_mode": "after",
        "priority_window_s": 3600,
        "silent_forfeits": True,
    },
}
STATEMENT: Final[Json] = {"reference": "放弃优先受让权声明 2026-011", "signed_on": "2026-02-27"}
NAMES: Final = {
    "buyer": "西溪智造有限公司",
    "other_buyer": "南湖机电有限公司",
    "third_buyer": "甬江生物有限公司",
}


@dataclass(frozen=True, slots=True)
class Counter(Desk):
    """A desk that knows posted listings; time passes by calling the timers."""

    def party(self, name: str) -> PartyId:
        party: PartyId = getattr(self.world, name)
        return party

    async def plan(self, draft: Json, **changes: Any) -> httpx.Response:
        terms = PLAN["terms"] | changes.pop("terms", {})
        body = PLAN | {"terms": terms} | changes
        return await self.post(f"listings/{draft['id']}/bidding-plan", "operator", body)

    async def state(self, draft: Json) -> httpx.Response:
        return await self.post(f"listings/{draft['id']}/priority-statement", "operator", STATEMENT)

    async def posted_draft(self, **changes: Any) -> Json:
        terms = {"conversion_mode": "licence_exclusive"} | changes
        return await self.draft(pricing_mode="posted", **terms)

    async def posted(self, **changes: Any) -> Json:
        """Publish a posted listing of a licence, or of what the changes say."""
        draft = await self.posted_draft(**changes)
        done(await self.plan(draft))
        if draft["conversion_mode"] == "transfer":
            done(await self.state(draft))
        return done(await self.publish(draft))

    async def depositor(self, listing: Json, name: str = "buyer") -> Json:
        registration = await self.qualified(listing, self.party(name))
        return done(await self.pay(registration, NAMES[name]))

    async def read(self, listing: Json) -> Json:
        return done(await self.get(f"listings/{listing['id']}"))

    async def registration(self, registration: Json) -> Json:
        return done(await self.get(f"registrations/{registration['id']}", "operator"))

    async def listing(self, listing: Json) -> Listing:
        return await get_listing(self.session, ListingId(UUID(listing["id"])))

    async def to(self, moment: datetime, listing: Json) -> None:
        """Let the clock show a moment, and this listing's timers that are due by then happen."""
        await self.world.at(self.session, moment)
        await self.due(listing, moment)

    async def due(self, listing: Json, moment: datetime) -> None:
        for kind in (CLOSE_DISCLOSURE, JUDGE_FIELD):
            await TIMERS[kind](self.session, UUID(listing["id"]), moment)

    async def end_disclosure(self, listing: Json) -> datetime:
        """Move to the disclosure's end; the field is judged then."""
        ends_at = (await self.listing(listing)).disclosure_ends_at
        assert ends_at is not None
        await self.to(ends_at, listing)
        return ends_at

    async def act(
        self, listing: Json, what: str, name: str, body: Json | None = None
    ) -> httpx.Response:
        path = f"listings/{listing['id']}/{what}"
        return await self.post(path, "buyer_staff", body, party_id=self.party(name))

    async def act_read(self, listing: Json, name: str) -> httpx.Response:
        path = f"listings/{listing['id']}/offer"
        return await self.get(path, "buyer_staff", party_id=self.party(name))

    def moment(self, told: str) -> datetime:
        return datetime.fromisoformat(told)

    def policy(self, listing: Json) -> PolicyTerms:
        return PolicyTerms.from_json(listing["policy"])

    async def withdraw(self, registration: Json) -> httpx.Response:
        return await self.post(
            f"registrations/{registration['id']}/withdrawal",
            "buyer_staff",
            None,
            party_id=PartyId(UUID(registration["party_id"])),
        )

    async def hold(self, registration: Json) -> str:
        found = await ledger.get_hold(self.session, HoldId(UUID(registration["id"])))
        return str(found.state)

    async def types(self, subject: Json) -> list[str]:
        return [event.type for event in await history(self.session, UUID(subject["id"]))]


def in_days(moment: datetime, days: float) -> datetime:
    return moment + timedelta(days=days)
