"""Percolation: which saved queries a new entry may fit, without searching once for each of them."""

from collections.abc import Mapping
from typing import Final

from app.matching.domain.calibration import TextCalibration
from app.matching.domain.terms import Terms, terms_in

# Of what counts as possible: the rest may come of single characters, and pairs become rarer or
# commoner after a query was saved.
_PART: Final = 1 / 3


def finds_something(text: str) -> bool:
    """Tell whether a query has a pair of characters, a word of letters or a number."""
    return bool(terms_in(text)[0])


def shares_of(terms: Terms) -> Mapping[str, float]:
    """Return what each pair is worth of all pairs; together 1, or nothing where there are none."""
    whole = sum(terms.pairs.values())
    return {pair: worth / whole for pair, worth in terms.pairs.items()} if whole else {}


def least_share(calibration: TextCalibration) -> float:
    """Return which part of a query's pairs an entry has if it is to be compared with it.

    Invariant: MT62.
    """
    return calibration.possible * _PART
