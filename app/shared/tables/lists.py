"""Cells that hold several values.

A backslash stands before a separator that belongs to a text.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, TypeVar

from app.shared.tables.words import CellFault

Value = TypeVar("Value")

LIST: Final = "；;、，,\n"
LINES: Final = "\n"
PARTS: Final = "|｜"
PIECES_MAX: Final = 200


def quote(text: str, separators: str) -> str:
    """Return a text with a backslash before each separator and an ``n`` for a new line."""
    if "\\" not in text and not any(char in text for char in separators + "\n"):
        return text
    out = []
    for char in text:
        if char == "\n":
            out.append("\\n")
        else:
            out.append("\\" + char if char == "\\" or char in separators else char)
    return "".join(out)


def unquote(text: str) -> str:
    """Return the text that was quoted."""
    if "\\" not in text:
        return text
    chars = iter(text)
    return "".join(_escaped(next(chars, "\\")) if char == "\\" else char for char in chars)


def _escaped(char: str) -> str:
    return "\n" if char == "n" else char


@cache
def _pattern(separators: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(separators)}]")


def split(text: str, separators: str) -> Iterator[tuple[int, str]]:
    """Yield the number from 1 and the text, still quoted, of every piece, also the empty ones."""
    if "\\" not in text:
        yield from enumerate(map(str.strip, _pattern(separators).split(text)), start=1)
        return
    start, number, place = 0, 1, 0
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] in separators:
            yield number, text[start:place].strip()
            start, number = place + 1, number + 1
        place += 1
    yield number, text[start:].strip()


def read_list(
    text: str, read: Callable[[str], Value], separators: str = LIST
) -> tuple[tuple[Value, ...], list[int], list[CellFault]]:
    """Read the pieces of a cell, the first `PIECES_MAX`.

    Returns:
        The good values, which piece each was, and the faults of the others.
    """
    values: list[Value] = []
    lines: list[int] = []
    faults: list[CellFault] = []
    for number, piece in split(text, separators):
        if not piece:
            continue
        if len(values) + len(faults) == PIECES_MAX:
            break  # more than any cell may hold: what else is wrong would only cost
        try:
            values.append(read(piece))
            lines.append(number)
        except CellFault as fault:
            fault.line = number
            faults.append(fault)
    return tuple(values), lines, faults
