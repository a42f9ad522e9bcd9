"""What a cell says: one value as people write it, and back.

Every ``read_…`` of a value that has more than one form has its ``write_…``, and what is written
reads back as the same value.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Final

from app.shared.money import AmountInvalid, Money
from app.shared.tables.form import fold, shown
from app.shared.tables.words import CellFault

LINE_MAX: Final = 200  # as of `platform.schema.Line`
TEXT_MAX: Final = 10_000
_WHOLE_BP: Final = 10_000
MONEY_MEND: Final = "写明单位，如 65万元 或 650000元"

_YES_NO: Final = {"是": True, "yes": True, "true": True, "y": True, "1": True} | {
    "否": False,
    "no": False,
    "false": False,
    "n": False,
    "0": False,
}
_CURRENCIES: Final = {"CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元", "JPY": "日元"}
_CURRENCY_OF: Final = (
    {fold(word): code for code, word in _CURRENCIES.items()}
    | {fold(code): code for code in _CURRENCIES}
    | {"圆": "CNY", "元人民币": "CNY", "人民币": "CNY"}
)
_SCALES: Final = {"": 0, "万": 4, "亿": 8}
_MONEY: Final = re.compile(
    r"(?:人民币|rmb|¥|cny)?(\d{1,15}(?:\.\d{1,10})?)([万亿]?)(\D{0,4}?)[整正]?"
)
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?")
_EIGHT_DIGITS: Final = re.compile(r"([12]\d{3})([01]\d)([0-3]\d)")
# As official letters write a day: 二〇二六年十二月三十一日.
_HAN_DATE: Final = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]"
)
_HAN_DIGITS: Final = {digit: place for place, digit in enumerate("〇一二三四五六七八九")} | {
    "零": 0
}
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)%?")


def read_text(text: str, longest: int = TEXT_MAX) -> str:
    """Return a text that can be shown and stored.

    Raises:
        CellFault: too_long or not_printable.
    """
    if len(text) > longest:
        raise CellFault(
            "too_long", f"内容有{len(text)}个字符，超过上限", f"请压缩到{longest}个字符以内"
        )
    if not text.isprintable() and any(
        (ord(char) < 32 and char not in "\n\t") or char == "\x7f" or "\ud800" <= char <= "\udfff"
        for char in text
    ):
        raise CellFault("not_printable", "内容含有不可见的控制字符", "删除控制字符后重试")
    return text


def read_line(text: str) -> str:
    """Return a text of at most 200 characters.

    Raises:
        CellFault: too_long or not_printable.
    """
    return read_text(text, LINE_MAX)


def read_yes_no(text: str) -> bool:
    """Return whether it says yes.

    Raises:
        CellFault: yes_no_expected.
    """
    said = _YES_NO.get(fold(text))
    if said is None:
        raise CellFault("yes_no_expected", f"{shown(text)}不是“是”或“否”", "填“是”或“否”")
    return said


def read_date(text: str) -> date:
    """Return a day: ``2037-07-21``, ``2037年7月21日``, ``20370721``, ``二〇三七年七月二十一日``.

    Raises:
        CellFault: date_malformed; a month alone is no day.
    """
    said = fold(text)
    found = _DATE.fullmatch(said) or _EIGHT_DIGITS.fullmatch(said)
    parts = None if found is None else tuple(map(int, found.groups()))
    if found is None and (han := _HAN_DATE.fullmatch(said)):
        year = int("".join(str(_HAN_DIGITS[digit]) for digit in han.group(1)))
        parts = (year, _han_number(han.group(2)), _han_number(han.group(3)))
    try:
        if parts is not None:
            return date(*parts)
    except ValueError:
        pass  # no such day
    raise CellFault("date_malformed", f"{shown(text)}不是日期", "按 2037-07-21 的格式填写")


def _han_number(text: str) -> int:
    """Return a number up to 99 such as ``三``, ``十二`` or ``二十一``; 0 if it is none."""
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return 0
    return (_HAN_DIGITS.get(tens, 1) * 10 if ten else 0) + _HAN_DIGITS.get(ones, 0)


def read_share(text: str, least_bp: int = 1) -> int:
    """Return a share such as ``30%`` or ``33.33`` in basis points; a bare number is percent.

    Args:
        least_bp: The smallest share that fits.

    Raises:
        CellFault: share_malformed or share_out_of_range.
    """
    found = _SHARE.fullmatch(fold(text))
    if found is None:
        raise CellFault("share_malformed", f"{shown(text)}不是比例", "填百分数，如 30% 或 33.33%")
    share_bp = int(Decimal(found.group(1)).scaleb(2))
    if not least_bp <= share_bp <= _WHOLE_BP:
        least = write_share(least_bp)
        raise CellFault(
            "share_out_of_range", f"比例{shown(text)}不在 {least} 至 100% 之间", "填百分数，如 30%"
        )
    return share_bp


def read_money(text: str, unit: str | None = None, *, rule: str = "money_malformed") -> Money:
    """Return an amount such as ``65万元`` or ``650,000.00元``; never rounded, perhaps zero.

    Args:
        unit: ``元`` or ``万元``, if the header says it for all rows.
        rule: What a fault of the text is called.

    Raises:
        CellFault: ``rule`` or unit_missing.
    """
    plain = fold(text).replace(",", "")
    found = _MONEY.fullmatch(plain)
    if found is None:
        raise CellFault(rule, f"{shown(text)}不是金额", MONEY_MEND)
    number, scale, currency = found.groups()
    if not scale and not currency:
        if unit is None:
            raise CellFault("unit_missing", f"金额{shown(text)}没有单位", MONEY_MEND)
        scale, currency = unit[:-1], unit[-1]
    code = _CURRENCY_OF.get(currency or "元")
    if code is None:
        raise CellFault(rule, f"{shown(currency)}不是币种", MONEY_MEND)
    try:
        return Money.parse(f"{Decimal(number).scaleb(_SCALES[scale]):f}", code)
    except AmountInvalid:
        raise CellFault(rule, f"金额{shown(text)}过大或小于最小货币单位", MONEY_MEND) from None


def write_money(money: Money) -> str:
    """Return the amount with its unit."""
    return f"{money}{_CURRENCIES[money.currency]}"


def write_share(share_bp: int) -> str:
    """Return basis points as percent, ``60%`` or ``33.33%``."""
    return f"{share_bp // 100}.{share_bp % 100:02d}".rstrip("0").rstrip(".") + "%"
