"""Unified social credit codes 统一社会信用代码 of organisations in mainland China.

Source: GB 32100-2015 (structure, check digit modulo 31); GB/T 2260 for the region in characters
3 to 8. The check digit is ``stdnum``'s; the region is ours, because ``stdnum`` takes any digits.
"""

import unicodedata
from typing import Final, Literal

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from app.shared.errors import RuleBroken

CreditCodeRule = Literal["length", "characters", "region", "check_digit"]

# First two digits of every province-level code; 10 stands for bodies registered nationally.
REGION_PREFIXES: Final = frozenset(
    {"10", "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33"}
    | {"34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50", "51"}
    | {"52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"}
)


class CreditCodeInvalid(RuleBroken):
    """A text is not a unified social credit code; ``rule`` names what it breaks."""

    code = "credit_code_invalid"
    title_zh = "统一社会信用代码无效"
    title_en = "The unified social credit code is not valid"

    def __init__(self, detail: str, *, rule: CreditCodeRule) -> None:
        super().__init__(detail, field="credit_code", rule=rule)


def validate_credit_code(text: str) -> str:
    """Return the code in its normal form: 18 characters, upper case, no separators.

    Args:
        text: As typed; spaces, hyphens, case and full-width characters do not matter.

    Raises:
        CreditCodeInvalid: With ``rule`` in length, characters, region, check_digit; the first
            one broken in this order, except that the check digit is tested before the region
            so that a typing slip is reported as one.

    Source: GB 32100-2015.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    try:
        number: str = uscc.validate(plain)
    except InvalidLength as error:
        raise CreditCodeInvalid("A credit code has 18 characters.", rule="length") from error
    except InvalidFormat as error:
        raise CreditCodeInvalid(
            "The first 8 characters are digits; I, O, S, V and Z never occur.", rule="characters"
        ) from error
    except InvalidChecksum as error:
        raise CreditCodeInvalid(
            "The last character does not fit the others.", rule="check_digit"
        ) from error
    if number[2:4] not in REGION_PREFIXES:
        raise CreditCodeInvalid(
            f"Characters 3 and 4 ({number[2:4]}) name no province.", rule="region"
        )
    return number
