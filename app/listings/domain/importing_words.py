"""The words that an import accepts: code tables and our own enumerations, as people write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from app.listings.domain.importing import fold, shown
from app.shared import codes

_LISTED_MAX: Final = 20  # labels that a fault lists
_IN_BRACKETS: Final = re.compile(r"\(([^,)]*),[^)]*\)")

# Words of our own enumerations; the code tables bring theirs.
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "empowerment": {
        "none": "未赋权",
        "ownership_share": "赋予所有权份额",
        "long_term_use": "赋予长期使用权",
    },
    "confidentiality": {"public": "公开", "restricted": "受限"},
    "secrecy": {
        "not_reviewed": "未审查",
        "cleared": "审查通过",
        "state_secret": "涉及国家秘密",
    },
    "ip_status": {
        "granted": "授权",
        "pending": "申请中",
        "registered": "已登记",
        "kept_secret": "保密",
        "lapsed": "失效",
    },
}
_SYNONYMS: Final = {"已授权": "granted", "有效": "granted", "受理": "pending", "已失效": "lapsed"}


class CellFault(Exception):
    """A cell's text says nothing that fits.

    Args:
        line: Which value of the cell, from 1, if it holds several.
    """

    def __init__(self, rule: str, message: str, mend: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.rule, self.message, self.mend, self.line = rule, message, mend, line


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a column accepts.

    Attributes:
        labels: The Chinese word that is written, by name.
        names: The name, by every folded word that is read.
    """

    labels: Mapping[str, str]
    names: Mapping[str, str]


@cache
def vocabulary(name: str) -> Vocabulary:
    """Return a code table or one of our own lists of words."""
    words = _WORDS.get(name)
    if words is not None:
        labels = dict(words)
        names = {fold(word): key for word, key in _SYNONYMS.items() if key in words}
    else:
        entries = codes.table(name).entries
        # Labels of scales hold their standards, which nobody types.
        labels = {entry.name: _IN_BRACKETS.sub(r"(\1)", entry.label_zh) for entry in entries}
        names = {fold(entry.label_zh): entry.name for entry in entries}
    names |= {fold(label): key for key, label in labels.items()}
    return Vocabulary(labels, names | {fold(key): key for key in labels})


def read_word(table: str, text: str, label: str) -> str:
    """Return the name of a word.

    Args:
        label: What the fault calls the value.

    Raises:
        CellFault: code_unknown, with the accepted words.
    """
    known = vocabulary(table)
    name = known.names.get(text) or known.names.get(fold(text))
    if name is None:
        raise CellFault(
            "code_unknown",
            f"{label}{shown(text)}不在代码表中",
            "可填：" + "；".join(list(known.labels.values())[:_LISTED_MAX]),
        )
    return name


def write_word(table: str, name: str) -> str:
    """Return the Chinese word."""
    return vocabulary(table).labels[name]
