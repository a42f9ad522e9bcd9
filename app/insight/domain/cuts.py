"""Which lots are asked for."""

from dataclasses import dataclass
from datetime import date

from app.shared import codes
from app.shared.errors import RuleBroken
from app.shared.ids import MarketId

_CODES = ("technology_field", "pricing_mode", "seller_class")


class PeriodReversed(RuleBroken):
    """The first day asked for is not after the last one."""

    code = "period_reversed"
    title_zh = "起始日期不得晚于截止日期"
    title_en = "The period ends before it begins"


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


def checked(asked: Cut) -> Cut:
    """Return a cut that can be answered.

    Raises:
        CodeUnknown: Names what is accepted.
        PeriodReversed: Names the latest first day.
    """
    for name in _CODES:
        value = getattr(asked, name)
        if value is not None:
            codes.require(name, value, field=name)
    if asked.seller_region is not None:
        codes.require_region(asked.seller_region, field="seller_region")
    if asked.first is not None and asked.last is not None and asked.first > asked.last:
        raise PeriodReversed("Ask for days in order.", field="from", maximum=asked.last)
    return asked
