"""Tables of matching; importing this package registers all of them."""

from app.matching.models.entries import MatchEntryRow, MatchResultRow
from app.matching.models.wishes import MatchWishesRow

__all__ = ["MatchEntryRow", "MatchResultRow", "MatchWishesRow"]
