"""A lot whose bids only the holders of their keys' shares can open, and what holders do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy import text

from app.demo.api import Who
from app.platform.access import Role
from app.platform.runtime import Runtime
from app.shared.money import Money
from app.shared.sealing import seal, shell
from tests.auctions.lot import BUYERS, OPERATOR, Lot, buyer, make_lot
from tests.shared.sealing.dealer import HOLDERS, PRIVATE
from tests.world import World

AUDITOR: Final = Who(Role.AUDITOR, "auditor")
NO_STEPS: Final = dict.fromkeys(("step", "steps_max", "free_phase_s", "window_s"))
TERMS: Final[dict[str, Any]] = {
    **NO_STEPS,
    "format": "sealed_first",
    "round_s": 3600,
    "sealing": "threshold",
    "holders": [{"name": it.name, "public_key": it.public_key} for it in HOLDERS[:3]],
    "threshold": 2,
}
NAMES: Final = tuple(BUYERS)
MINUTE: Final = timedelta(minutes=1)


@dataclass
class SealedLot:
    """A lot, open for sealed bids, as its bidders and holders use it."""

    lot: Lot

    @property
    def path(self) -> str:
        """Return the auction's path."""
        return f"/v1/auctions/{self.lot.auction_id}"

    def code(self, name: str) -> str:
        """Return a bidder's code 竞买号."""
        code: str = self.lot.registrations[name]["bidder_code"]
        return code

    def sealed(self, name: str, amount: int) -> dict[str, Any]:
        """Return a bid in whole yuan as the published client seals it."""
        return seal(
            Money(amount * 100),
            auction_id=self.lot.auction_id,
            bidder_code=self.code(name),
            holders=HOLDERS[:3],
            threshold=2,
        )

    async def bid(self, name: str, sealed: Mapping[str, Any]) -> httpx.Response:
        """Send a sealed bid."""
        body = {"sealed": sealed}
        return await self.lot.api.send("POST", buyer(name), f"{self.path}/bids", body)

    async def close(self) -> None:
        """Let the deadline pass, and a worker notice it."""
        await self.lot.at(self.lot.opens_at + timedelta(hours=2))
        await self.lot.run_worker()

    async def listed(self) -> Any:
        """Return the sealed bids as everybody sees them after the deadline."""
        return await self.lot.api.get(OPERATOR, f"{self.path}/sealed-bids")

    async def submission(self, position: int) -> dict[str, Any]:
        """Return what the holder at a position hands in, made by its command."""
        told: dict[str, Any] = json.loads(
            shell.shares_body(
                await self.listed(),
                auction_id=self.lot.auction_id,
                private_key=PRIVATE[position - 1],
            )
        )
        return told

    async def hand_in(
        self, body: Mapping[str, Any], *, who: Who = AUDITOR, key: str | None = None
    ) -> httpx.Response:
        """Hand in a submission."""
        return await self.lot.api.send("POST", who, f"{self.path}/shares", body, key=key)

    async def opening(self) -> Any:
        """Return how far the opening is."""
        return await self.lot.api.get(OPERATOR, f"{self.path}/opening")

    async def events(self, kind: str) -> list[Any]:
        """Return the public parts of the auction's journaled events of one type."""
        async with self.lot.database.transaction() as session:
            rows = await session.execute(
                text(
                    "SELECT public FROM journal_events WHERE subject_id = :id AND type = :kind "
                    "ORDER BY subject_version"
                ),
                {"id": UUID(self.lot.auction_id), "kind": f"auction.{kind}"},
            )
            return [row.public for row in rows]


async def sealed_lot(
    world: World,
    runtime: Runtime,
    client: httpx.AsyncClient,
    *,
    terms: Mapping[str, Any] | None = None,
    bidders: int = 3,
) -> SealedLot:
    """Return a lot whose sealed bids are being taken."""
    lot = await make_lot(
        world, runtime, client, bidders=list(BUYERS)[:bidders], terms={**TERMS, **(terms or {})}
    )
    await lot.at(lot.opens_at + MINUTE)
    return SealedLot(lot)


async def closed(lot: SealedLot, *amounts: int) -> None:
    """Take honest bids of these amounts and let the deadline pass."""
    for name, amount in zip(NAMES, amounts, strict=False):
        answer = await lot.bid(name, lot.sealed(name, amount))
        assert answer.status_code == 201, answer.text
        assert "amount" not in answer.json()
    await lot.close()
