"""Keep a statement to the lots that are asked for."""

from typing import Any, Final, TypeVar

from sqlalchemy import Select

from app.insight.domain.cuts import Cut
from app.insight.models import PriceLotRow
from app.shared.regions import region_prefix

_L: Final = PriceLotRow
Rows = TypeVar("Rows", bound=Select[Any])


def cut(statement: Rows, asked: Cut) -> Rows:
    """Return a statement over lots, kept to what is asked for and has ended."""
    statement = statement.where(_L.ended_on.is_not(None))
    if asked.market_id is None:
        statement = statement.where(~_L.sandbox)
    else:
        statement = statement.where(_L.market_id == asked.market_id)
    if asked.first is not None:
        statement = statement.where(_L.ended_on >= asked.first)
    if asked.last is not None:
        statement = statement.where(_L.ended_on <= asked.last)
    if asked.seller_region is not None:
        statement = statement.where(_L.seller_region.startswith(region_prefix(asked.seller_region)))
    for name in ("technology_field", "pricing_mode", "seller_class"):
        value = getattr(asked, name)
        if value is not None:
            statement = statement.where(getattr(_L, name) == value)
    return statement
