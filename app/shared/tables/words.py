"""The words that cells accept: code tables and own enumerations, as people write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.shared import codes
from app.shared.tables.form import fold, shown

_LISTED_MAX: Final = 20  # labels that a fault lists
_IN_BRACKETS: Final = re.compile(r"\(([^,)]*),[^)]*\)")


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


class Words:
    """All lists of words of one kind of table.

    Args:
        own: A module's own lists: the Chinese word that is written, by name; the code tables
            bring theirs.
        synonyms: Further words that are read, by which name of an own list each means.
    """

    def __init__(
        self, own: Mapping[str, Mapping[str, str]], synonyms: Mapping[str, str] | None = None
    ) -> None:
        self._own, self._synonyms = own, synonyms or {}
        self._known: dict[str, Vocabulary] = {}

    def vocabulary(self, name: str) -> Vocabulary:
        """Return a code table or one of the own lists."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._read(name)
        return known

    def _read(self, name: str) -> Vocabulary:
        words = self._own.get(name)
        if words is not None:
            labels = dict(words)
            names = {fold(word): key for word, key in self._synonyms.items() if key in words}
        else:
            entries = codes.table(name).entries
            # Labels of scales hold their standards, which nobody types.
            labels = {entry.name: _IN_BRACKETS.sub(r"(\1)", entry.label_zh) for entry in entries}
            names = {fold(entry.label_zh): entry.name for entry in entries}
        names |= {fold(label): key for key, label in labels.items()}
        return Vocabulary(labels, names | {fold(key): key for key in labels})

    def read(self, table: str, text: str, label: str) -> str:
        """Return the name of a word.

        Args:
            label: What the fault calls the value.

        Raises:
            CellFault: code_unknown, with the accepted words.
        """
        known = self.vocabulary(table)
        name = known.names.get(text) or known.names.get(fold(text))
        if name is None:
            raise CellFault(
                "code_unknown",
                f"{label}{shown(text)}不在代码表中",
                "可填：" + "；".join(list(known.labels.values())[:_LISTED_MAX]),
            )
        return name

    def write(self, table: str, name: str) -> str:
        """Return the Chinese word."""
        return self.vocabulary(table).labels[name]
