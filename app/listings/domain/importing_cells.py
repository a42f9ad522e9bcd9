"""Single values that only a row of an achievement holds."""

import re
from typing import Final

from app.shared.money import Money
from app.shared.tables import cells
from app.shared.tables.form import fold, shown
from app.shared.tables.words import CellFault

_LEVEL: Final = re.compile(r"(?:trl|mrl|第)?(\d{1,3})级?")


def read_level(text: str) -> int:
    """Return a level such as ``7``, ``7级`` or ``TRL7``.

    Raises:
        CellFault: level_malformed.
    """
    found = _LEVEL.fullmatch(fold(text))
    if found is None:
        raise CellFault("level_malformed", f"{shown(text)}不是等级", "填数字，如 7")
    return int(found.group(1))


def read_price(text: str, unit: str | None = None) -> Money:
    """Return a price idea such as ``65万元`` or ``650,000.00元``; never rounded.

    Args:
        unit: ``元`` or ``万元``, if the header says it for all rows.

    Raises:
        CellFault: price_malformed, price_not_positive or unit_missing.
    """
    money = cells.read_money(text, unit, rule="price_malformed")
    if money.amount_minor <= 0:
        raise CellFault("price_not_positive", "意向价格须大于零", "面议的请留空")
    return money
