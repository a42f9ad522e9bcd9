"""Bidding formats: a small pure module each, behind one interface."""

from collections.abc import Mapping
from typing import Final

from app.auctions.domain.formats.ascending import DYNAMIC, MULTIPLE_BIDS
from app.auctions.domain.formats.base import FormatRules
from app.auctions.domain.formats.dutch import DUTCH
from app.auctions.domain.formats.rounds import ROUNDS
from app.auctions.domain.formats.sealed import SEALED_FIRST, SEALED_SECOND, WEIGHTED
from app.auctions.domain.terms import Format

RULES: Final[Mapping[Format, FormatRules]] = {
    Format.MULTIPLE_BIDS: MULTIPLE_BIDS,
    Format.DYNAMIC: DYNAMIC,
    Format.SEALED_FIRST: SEALED_FIRST,
    Format.SEALED_SECOND: SEALED_SECOND,
    Format.ROUNDS: ROUNDS,
    Format.WEIGHTED: WEIGHTED,
    Format.DUTCH: DUTCH,
}
