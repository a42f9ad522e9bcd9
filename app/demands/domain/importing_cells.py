"""Single values that only a row of a demand holds."""

import re
from decimal import Decimal
from typing import Final

from app.demands.domain.importing import NUMBER_MAX
from app.shared.money import Money
from app.shared.tables import cells
from app.shared.tables.form import fold, shown
from app.shared.tables.words import CellFault

_FIGURE: Final = r"[-−]?\d{1,20}(?:\.\d{1,12})?"
_ONE: Final = re.compile(_FIGURE)
_TWO: Final = re.compile(rf"({_FIGURE})(?:~|-|至|到|—|–)({_FIGURE})")
_UNIT: Final = re.compile(r"[万亿]?(?:元|美元|港元|欧元|日元)")
_BARE: Final = re.compile(r"[\d,.]+")

Figures = tuple[Decimal, Decimal | None]


def read_number(text: str) -> str:
    """Return the poster's own number of a demand.

    Raises:
        CellFault: too_long or not_printable; a new line is no part of a number.
    """
    if "\n" in text or "\t" in text:
        raise CellFault("not_printable", "编号中有换行或制表符", "编号写在一行")
    return cells.read_text(text, NUMBER_MAX)


def read_figures(text: str) -> Figures:
    """Return a figure such as ``0.80``, or both ends of ``0.5~0.8``; digits as written.

    Raises:
        CellFault: figure_malformed.
    """
    said = fold(text).replace(",", "")
    if _ONE.fullmatch(said):
        return _decimal(said), None
    found = _TWO.fullmatch(said)
    if found is None:
        raise CellFault(
            "figure_malformed",
            f"{shown(text)}不是数值",
            "只填数字，如 0.8；两端写作 0.5~0.8，单位另填",
        )
    return _decimal(found.group(1)), _decimal(found.group(2))


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace("−", "-"))


def write_figures(figures: Figures) -> str:
    """Return the figure, or both ends."""
    low, high = figures
    return f"{low:f}" if high is None else f"{low:f}~{high:f}"


def read_unit(text: str) -> str:
    """Return a unit of money such as ``万元`` or ``万美元``.

    Raises:
        CellFault: budget_unit_unknown.
    """
    said = fold(text)
    if not _UNIT.fullmatch(said):
        raise CellFault("budget_unit_unknown", f"{shown(text)}不是金额单位", "可填：元；万元；亿元")
    return said


def read_amount(text: str, unit: str | None) -> Money:
    """Return an end of a budget; never rounded.

    Args:
        unit: What the column of units or the header says, if either does.

    Raises:
        CellFault: budget_malformed, budget_not_positive, budget_unit_differs or unit_missing.
    """
    said = fold(text)
    said += "元" if said[-1:] in {"万", "亿"} else ""
    if unit is not None and _BARE.fullmatch(said):
        said += unit
    elif unit is not None and not _same_unit(said, unit):
        raise CellFault(
            "budget_unit_differs",
            f"金额{shown(text)}的单位与“{unit}”不一致",
            "金额中的单位和预算单位只填一处，或填得一致",
        )
    money = cells.read_money(said, rule="budget_malformed")
    if money.amount_minor <= 0:
        raise CellFault("budget_not_positive", "预算须大于零", "面议的把预算方式填“面议”，金额留空")
    return money


def _same_unit(said: str, unit: str) -> bool:
    return said.endswith(unit) and said[: -len(unit)][-1:] not in {"万", "亿"}
