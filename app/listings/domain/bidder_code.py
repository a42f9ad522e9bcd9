"""Bidder codes 竞买号: what stands for a buyer until the end."""

from typing import Final

from app.shared.errors import Conflict

# Without I, O and digits that look like letters, so that a code can be read out in a hall.
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS: Final = "23456789"
BIDDER_CODES: Final = len(_LETTERS) ** 2 * len(_DIGITS) ** 3


class BidderCodesExhausted(Conflict):
    """More depositors than codes."""

    code = "bidder_codes_exhausted"
    title_zh = "竞买号已用完"
    title_en = "There are no bidder codes left"


def nth_bidder_code(number: int) -> str:
    """Return the code of a number in ``range(BIDDER_CODES)``: two letters, three digits."""
    if not 0 <= number < BIDDER_CODES:
        raise ValueError("no such bidder code")
    text = ""
    for alphabet in (_DIGITS, _DIGITS, _DIGITS, _LETTERS, _LETTERS):
        number, rest = divmod(number, len(alphabet))
        text = alphabet[rest] + text
    return text
