"""Payment references 汇款附言码: what a payer writes in the remark so that its money is found.

``FK`` and eight characters: seven of a target's digest and a check character, from an alphabet
without letters that are read as digits. Spaces, hyphens, width and letter case do not count.

Source of the check character: ISO/IEC 7064, hybrid system MOD 33,32, which finds every single
wrong character and nearly every exchange of neighbours.
"""

import re
import unicodedata
from hashlib import sha256
from typing import Final
from uuid import UUID

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX: Final = "FK"
_M: Final = len(ALPHABET)
_DATA: Final = 7
_BITS: Final = 5  # a character
_READ_AS: Final = str.maketrans("OIL", "011")
_BREAKS: Final = re.compile(r"[\s\-‐‑–—_]+")
# O, I and L are what a person may have typed for a digit.
_CANDIDATE: Final = re.compile(rf"(?=({PREFIX}[0-9A-TV-Z]{{{_DATA + 1}}}))")


def reference_of(target_id: UUID, attempt: int = 0) -> str:
    """Return the reference of a target.

    Args:
        attempt: Counts up where another target has the reference already.
    """
    digest = sha256(target_id.bytes + attempt.to_bytes(2)).digest()
    number = int.from_bytes(digest[:8])
    body = "".join(ALPHABET[(number >> (_BITS * place)) % _M] for place in range(_DATA))
    return PREFIX + body + check_character(body)


def check_character(body: str) -> str:
    """Return the check character of characters of the alphabet (ISO/IEC 7064)."""
    product = _M
    for char in body:
        product = ((product + ALPHABET.index(char) - 1) % _M + 1) * 2 % (_M + 1)
    return ALPHABET[(1 - product) % _M]


def references_in(remark: str) -> frozenset[str]:
    """Return all references in a remark whose check character is right (BK3)."""
    plain = _BREAKS.sub("", unicodedata.normalize("NFKC", remark)).upper()
    found = (match.group(1) for match in _CANDIDATE.finditer(plain))
    read = (PREFIX + text[len(PREFIX) :].translate(_READ_AS) for text in found)
    return frozenset(text for text in read if check_character(text[len(PREFIX) : -1]) == text[-1])


_NUMBER: Final = re.compile(r"ZP-(?:([A-Z])-)?\d{4}-\d{6,}")


def numbers_in(remark: str) -> frozenset[str]:
    """Return the human numbers in a remark: of listings, deals and payment orders."""
    plain = unicodedata.normalize("NFKC", remark).upper()
    return frozenset(match.group(0) for match in _NUMBER.finditer(plain))


def order_numbers_in(remark: str) -> frozenset[str]:
    """Return the numbers of payment orders in a remark."""
    return frozenset(number for number in numbers_in(remark) if number.startswith("ZP-P-"))
