"""The result notice 成交结果公告 of a public seller's deal: object, price, mode, date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.settlement.domain.deal import Deal
from app.shared.calendar import (
    CalendarHorizonExceeded,
    DayUnit,
    Duration,
    mainland_china,
    period_end,
)
from app.shared.ids import DealId, ListingId, MarketId
from app.shared.jsonable import jsonable

# Whose deals are publicly answered for: rules.md section 2, result notice; 32号令 27-30.
PUBLIC_SELLERS: Final = frozenset({"university", "government_institute", "state_owned_enterprise"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultNotice:
    """A published result; never changed, and readable for ever.

    Attributes:
        content: What it says, as JSON; ``buyer_name`` is null where the buyer stays hidden.
        content_hash: SHA-256 of its canonical form.
        duration: How long the listing's frozen policy has it published.
    """

    id: UUID
    deal_id: DealId
    listing_id: ListingId
    market_id: MarketId
    content: Mapping[str, Any]
    content_hash: str
    published_at: datetime
    duration: Duration

    @property
    def ends_at(self) -> datetime | None:
        """When its period is over; ``None`` as long as the working days are not announced.

        It stays up until then, and is not taken down behind it either.
        """
        calendar = mainland_china()
        try:
            return period_end(start=self.published_at, duration=self.duration, calendar=calendar)
        except CalendarHorizonExceeded:
            return None


def duration_json(duration: Duration) -> dict[str, Any]:
    """Return the stored form."""
    return {"count": duration.count, "unit": str(duration.unit)}


def read_duration(data: Mapping[str, Any]) -> Duration:
    """Read the stored form back."""
    return Duration(data["count"], DayUnit(data["unit"]))


def write_result(
    deal: Deal,
    *,
    listing_number: str,
    title: str,
    pricing_mode: str,
    conversion_mode: str,
    seller_name: str,
    buyer_name: str | None,
    contract_type: str | None,
) -> dict[str, Any]:
    """Return what a result notice says.

    Args:
        buyer_name: Only with its consent, or if the listing's own notice named it.

    Invariants: ST10, ST42.
    """
    content: dict[str, Any] = jsonable(
        {
            "deal_number": deal.number,
            "listing_number": listing_number,
            "listing_id": deal.listing_id,
            "title": title,
            "seller_name": seller_name,
            "buyer_name": buyer_name,
            "pricing_mode": pricing_mode,
            "conversion_mode": conversion_mode,
            "contract_type": contract_type,
            "start": deal.start,
            "price": deal.price,
            "premium_rate": deal.premium_rate,
            "confirmed_at": deal.confirmed_at,
            "signed_at": deal.signed_at,
        }
    )
    return content
