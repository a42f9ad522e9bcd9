"""Hard conditions 硬性条件: what keeps an entry out whatever else fits, by name."""

from collections.abc import Sequence

from app.matching.domain.entry import Facts, Readiness
from app.matching.domain.wish import Conditions
from app.shared.ids import MarketId
from app.shared.money import Money
from app.shared.regions import region_prefix


def broken_conditions(conditions: Conditions, facts: Facts, market_id: MarketId) -> Sequence[str]:
    """Return the names of the conditions that an entry does not meet.

    What is not stated does not meet a condition that asks for it.

    Invariant: MT7.
    """
    met = {
        "technology_fields": not conditions.technology_fields
        or facts.technology_field in conditions.technology_fields,
        "regions": _lies_in(conditions.regions, facts.region),
        "modes": not conditions.modes or not set(conditions.modes).isdisjoint(facts.modes),
        "readiness_min": _reaches(conditions.readiness_min, facts.readiness),
        "price_max": _affordable(conditions.price_max, facts.price_low),
        "market_id": conditions.market_id in (None, market_id),
    }
    return [name for name, holds in met.items() if not holds]


def _lies_in(regions: Sequence[str], region: str | None) -> bool:
    if not regions:
        return True
    return region is not None and any(region.startswith(region_prefix(asked)) for asked in regions)


def _reaches(asked: Readiness | None, stated: Readiness | None) -> bool:
    if asked is None:
        return True
    return stated is not None and stated.scale == asked.scale and stated.level >= asked.level


def _affordable(price_max: Money | None, price: Money | None) -> bool:
    if price_max is None:
        return True
    if price is None or price.currency != price_max.currency:
        return False
    return price.amount_minor <= price_max.amount_minor
