"""Words of Chinese and other text: what a text is found by, and what a query asks for.

A text is found by every dictionary word of three characters or more that stands in it, wherever
the cut falls, and by every two characters that follow each other (which covers the words of
two), by its letters and numbers, and by the last character of each run of Han characters. A query
is cut into words; one that the dictionary lacks falls back to its pairs of characters. So a known
word finds exactly the texts that contain it, and the cut of a text decides nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import rjieba

_HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUN: Final = re.compile(
    rf"(?P<han>[{_HAN}]+)|(?P<other>[0-9]+(?:\.[0-9]+)+|(?:(?![{_HAN}])[^\W_])+)"
)
_RUN_OF_HAN: Final = re.compile(f"[{_HAN}]")
_PAIR: Final = 2
TOKEN_LENGTH_MAX: Final = 40
TERMS_MAX: Final = 16
# Words of one character that say nothing by themselves.
_STOP: Final = frozenset("的与和及或在了之是于等为对中上下其并且以从由而也有该此各")


@cache
def _dictionary() -> rjieba.Jieba:
    """Return the dictionary, loaded when the first text is cut."""
    return rjieba.Jieba()


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query.

    Attributes:
        text: As it was asked for, in its normal form.
        tokens: A text that has them all has the term.
        begins: The one token is a single character, which a text's token begins with.
    """

    text: str
    tokens: tuple[str, ...]
    begins: bool = False


def normal(text: str) -> str:
    """Return the form in which full and half width and capitals are alike (NFKC, case folded)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    for run in _RUN.finditer(normal(text)):
        yield run.lastgroup == "han", run.group()


def _pairs(run: str) -> tuple[str, ...]:
    return tuple(run[place : place + _PAIR] for place in range(len(run) - 1))


def tokens_of(*texts: str) -> frozenset[str]:
    """Return everything that texts are found by.

    Invariant: LS50.
    """
    found: set[str] = set()
    for text in texts:
        for han, run in _runs(text):
            if not han:
                found.add(run[:TOKEN_LENGTH_MAX])
                continue
            found.update(_pairs(run))
            found.add(run[-1])
            found.update(word for word in _dictionary().cut_all(run) if len(word) > _PAIR)
    return frozenset(found)


def runs_of(text: str) -> Iterator[str]:
    """Yield the runs of a text in their normal form: Han characters, or letters or digits.

    Of endless letters it is their beginning, as in `grams_of`.
    """
    for han, run in _runs(text):
        yield run if han else run[:TOKEN_LENGTH_MAX]


def is_han(term: str) -> bool:
    """Tell whether a term is made of Han characters: no run holds those and others."""
    return _RUN_OF_HAN.match(term) is not None


def grams_of(*texts: str) -> tuple[str, ...]:
    """Return texts as pairs of characters, in order and as often as they stand there.

    A character that stands alone, letters and numbers are themselves.
    """
    return tuple(
        gram
        for text in texts
        for han, run in _runs(text)
        for gram in (_pairs(run) if han and len(run) >= _PAIR else (run[:TOKEN_LENGTH_MAX],))
    )


def characters_of(text: str) -> frozenset[str]:
    """Return the single Han characters that stand in a text."""
    return frozenset(char for han, run in _runs(text) if han for char in run)


def words_of(*texts: str) -> tuple[str, ...]:
    """Return the words of texts in order, as often as they stand there."""
    return tuple(
        word
        for text in texts
        for han, run in _runs(text)
        for word in (_dictionary().cut(run) if han else (run,))
    )


def spans_of(text: str) -> Iterator[tuple[str, tuple[tuple[str, float], ...]]]:
    """Yield the words of a text in order, each with the grams that lie in it.

    A pair across two words lies in each with a half, so that each place of a gram counts once.
    """
    for han, run in _runs(text):
        if not han or len(run) < _PAIR:
            word = run[:TOKEN_LENGTH_MAX]
            yield word, ((word, 1.0),)
            continue
        start = 0
        for word in _dictionary().cut(run):
            end = start + len(word)
            places = range(max(start - 1, 0), min(end, len(run) - 1))
            yield (
                word,
                tuple(
                    (run[place : place + _PAIR], 1.0 if start <= place < end - 1 else 0.5)
                    for place in places
                ),
            )
            start = end


def terms_of(query: str) -> tuple[Term, ...]:
    """Return the words of a query in order, each once; none if there is only punctuation.

    Words beyond `TERMS_MAX` are left out: they would only narrow what so many words find.

    Invariant: LS50.
    """
    terms: dict[str, Term] = {}
    for han, run in _runs(query):
        for term in _han_terms(run) if han else [Term(run, (run[:TOKEN_LENGTH_MAX],))]:
            terms.setdefault(term.text, term)
    return tuple(terms.values())[:TERMS_MAX]


def _han_terms(run: str) -> Iterator[Term]:
    # What the dictionary lacks is one unknown word as long as it stands together.
    unknown = ""
    for piece in _dictionary().cut(run):
        known = len(piece) > 1 and _dictionary().has_word(piece)
        if not known and piece not in _STOP:
            unknown += piece
            continue
        if unknown:
            yield _term(unknown)
            unknown = ""
        if known:
            yield _term(piece)
    if unknown:
        yield _term(unknown)


def _term(word: str) -> Term:
    if len(word) == 1:
        return Term(word, (word,), begins=True)
    if len(word) > _PAIR and _dictionary().has_word(word):
        return Term(word, (word,))
    return Term(word, tuple(dict.fromkeys(_pairs(word))))


def has_term(tokens: Collection[str], term: Term) -> bool:
    """Tell whether a text with these tokens has the term."""
    if term.begins:
        return any(token.startswith(term.text) for token in tokens)
    return all(token in tokens for token in term.tokens)


def anchor_of(terms: Collection[Term]) -> str | None:
    """Return a token without which no text has all the terms: the longest, as the rarest.

    ``None`` if the terms name none, that is for no terms and for single characters.
    """
    tokens = [token for term in terms if not term.begins for token in term.tokens]
    return max(tokens, key=len, default=None)
