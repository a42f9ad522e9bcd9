"""What other modules may use of matching."""

from app.matching.embedding.measuring import settings_for as embedder_settings
from app.matching.repository.results import owner_of as owner_of_match_result
from app.matching.repository.subscriptions import owner_of as owner_of_match_subscription
from app.matching.repository.weights import owner_of as owner_of_match_weights
from app.matching.service.case_reading import owner_of_case as owner_of_match_case
from app.matching.service.day_reading import owner_of_day as owner_of_matchmaking_day
from app.matching.service.sheet_matching import SheetMatched, match_sheet

__all__ = [
    "SheetMatched",
    "embedder_settings",
    "match_sheet",
    "owner_of_match_case",
    "owner_of_match_result",
    "owner_of_match_subscription",
    "owner_of_match_weights",
    "owner_of_matchmaking_day",
]
