"""Industries: how the codes of GB/T 4754-2017 nest.

A section is a letter, its divisions have two digits, groups three, classes four.
"""

import re
from functools import lru_cache
from typing import Final

from app.shared import codes

# Last division of each section, in their order.
_LAST_DIVISIONS: Final = {
    "A": 5, "B": 12, "C": 43, "D": 46, "E": 50, "F": 52, "G": 60, "H": 62, "I": 65, "J": 69,
    "K": 70, "L": 72, "M": 75, "N": 79, "O": 82, "P": 83, "Q": 85, "R": 90, "S": 96, "T": 97,
}  # fmt: skip
_CODE: Final = re.compile(r"([A-T])(\d{2})\d{0,2}", re.ASCII)


@lru_cache(maxsize=4096)
def industry_known(text: str) -> bool:
    """Tell whether a text is a name of the table ``industry`` or a code such as ``C3512``.

    Groups and classes are known by their division only: the table does not go down to them.

    Source: GB/T 4754-2017.
    """
    if text in _LAST_DIVISIONS or codes.known("industry", text):
        return True
    found = _CODE.fullmatch(text)
    if found is None:
        return False
    section, division = found.group(1), int(found.group(2))
    sections = list(_LAST_DIVISIONS)
    place = sections.index(section)
    first = 1 if place == 0 else _LAST_DIVISIONS[sections[place - 1]] + 1
    return first <= division <= _LAST_DIVISIONS[section]
