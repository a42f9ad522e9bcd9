"""Tables of matching; importing this package registers all of them."""

from app.matching.models.entries import MatchEntryRow, MatchResultRow

__all__ = ["MatchEntryRow", "MatchResultRow"]
