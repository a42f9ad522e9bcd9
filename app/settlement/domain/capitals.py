"""Amounts in Chinese capital numerals 大写金额, as cheques and contracts write them.

Source: 支付结算办法, annex 1 正确填写票据和结算凭证的基本规定.
"""

from typing import Final

from app.shared.money import MINOR_DIGITS, Money

DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
UNITS: Final = ((10**8, "亿"), (10**4, "万"), (10**3, "仟"), (10**2, "佰"), (10, "拾"))
CURRENCIES: Final = {
    "CNY": "人民币",
    "HKD": "港元",
    "USD": "美元",
    "EUR": "欧元",
    "JPY": "日元",
}


def _whole(number: int) -> str:
    """Return a number in capitals; zeros in a row are one 零, those at the end none."""
    for size, name in UNITS:
        if number >= size:
            above, rest = divmod(number, size)
            gap = DIGITS[0] if 0 < rest < size // 10 else ""
            return _whole(above) + name + gap + (_whole(rest) if rest else "")
    return DIGITS[number]


def in_capitals(money: Money) -> str:
    """Return an amount in capitals with its currency: 人民币壹万陆仟肆佰零玖元零贰分.

    Exact to the minor unit. 整 ends an amount without fen.

    Raises:
        ValueError: The amount is negative: no contract states one.

    Invariant: ST32.
    """
    if money.amount_minor < 0:
        raise ValueError("a contract states no negative amount")
    yuan, minor = divmod(money.amount_minor, 10 ** MINOR_DIGITS[money.currency])
    jiao, fen = divmod(minor, 10)
    said = f"{_whole(yuan)}元" if yuan or not minor else ""
    if jiao:
        said += f"{DIGITS[jiao]}角"
    elif fen and yuan:
        said += DIGITS[0]
    said += f"{DIGITS[fen]}分" if fen else "整"
    return CURRENCIES[money.currency] + said


def in_figures(money: Money) -> str:
    """Return an amount in figures with its currency: 人民币650,000.00元."""
    whole, point, fraction = str(money).partition(".")
    return f"{CURRENCIES[money.currency]}{int(whole):,}{point}{fraction}元"
