"""Chinese patent and patent-application numbers 专利号 / 专利申请号.

Two forms: up to September 2003 two digits of the year, a type digit and five of serial; since then
four digits of the year, a type digit and seven of serial. A dot and a check character follow.

Source: 专利申请号标准 ZC 0006-2003; rules.md section 7 with three published examples.
"""

import re
import unicodedata
from typing import Final, Literal

from app.shared.errors import RuleBroken

PatentRule = Literal["form", "year", "check_digit"]

_LONG_FORM_SINCE: Final = 2003
_FIRST_YEAR: Final = 1985  # the patent office opened on 1985-04-01
_CENTURY: Final = 100
_NEXT_CENTURY: Final = 2100
_SHORT_LENGTH: Final = 8
_WEIGHTS: Final = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_FORM: Final = re.compile(r"(?:ZL)?(\d{2}[12389]\d{5}|\d{4}[12389]\d{7})\.?([\dX])", re.ASCII)


class PatentNumberInvalid(RuleBroken):
    """A text is not a Chinese patent number; ``rule`` names what it breaks."""

    code = "patent_number_invalid"
    title_zh = "专利号无效"
    title_en = "The patent number is not valid"

    def __init__(self, detail: str, *, rule: PatentRule) -> None:
        super().__init__(detail, field="number", rule=rule)


def patent_check_digit(body: str) -> str:
    """Return the check character of the 8 or 12 digits before the dot.

    Weights 2 to 9 repeat from the left; the sum modulo 11 is the digit, 10 is written X.
    Because 11 is prime, every change of one digit and every swap of unequal neighbours shows.

    Source: 专利申请号标准 ZC 0006-2003.
    """
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=False))
    return "0123456789X"[total % 11]


def validate_patent_number(text: str) -> str:
    """Return the number in its normal form, ``201710601862.3``.

    Args:
        text: As typed; a leading ``ZL``, spaces, case, full-width characters and a missing dot do
            not matter.

    Raises:
        PatentNumberInvalid: With ``rule`` form (wrong length, characters or type digit, which
            must be 1, 2, 3, 8 or 9), year, or check_digit.

    Source: 专利申请号标准 ZC 0006-2003; type 1 invention, 2 utility model, 3 design, 8 and 9
    invention and utility model entering through PCT.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    match = _FORM.fullmatch(plain)
    if match is None:
        raise PatentNumberInvalid(
            "Expected 8 or 12 digits with type digit 1, 2, 3, 8 or 9, a dot and a check character.",
            rule="form",
        )
    body, check = match.groups()
    if not _year_fits(body):
        raise PatentNumberInvalid(
            "8-digit numbers belong to 1985-2003, 12-digit numbers to 2003 and later.", rule="year"
        )
    if patent_check_digit(body) != check:
        raise PatentNumberInvalid("The check character does not fit.", rule="check_digit")
    return f"{body}.{check}"


def _year_fits(body: str) -> bool:
    if len(body) == _SHORT_LENGTH:
        short_year = int(body[:2])
        return short_year >= _FIRST_YEAR % _CENTURY or short_year <= _LONG_FORM_SINCE % _CENTURY
    return _LONG_FORM_SINCE <= int(body[:4]) < _NEXT_CENTURY
