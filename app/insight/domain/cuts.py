"""Which lots are asked for."""

from dataclasses import dataclass
from datetime import date

from app.shared.ids import MarketId


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Lots that ended on days of Asia/Shanghai, both included.

    Attributes:
        market_id: One market; ``None`` for all live ones, sandboxes left out (IN7).
        seller_region: GB/T 2260, with all its parts.
    """

    first: date | None = None
    last: date | None = None
    market_id: MarketId | None = None
    technology_field: str | None = None
    seller_region: str | None = None
    pricing_mode: str | None = None
    seller_class: str | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for less than a market's lots of a period."""
        asked = (self.technology_field, self.seller_region, self.pricing_mode, self.seller_class)
        return any(value is not None for value in asked)
