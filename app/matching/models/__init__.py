"""Tables of matching; importing this package registers all of them."""

from app.matching.models.cases import (
    MatchCaseActRow,
    MatchCaseRow,
    MatchmakingDayRow,
    MatchmakingPlanRow,
    MatchPairRow,
)
from app.matching.models.entries import MatchEntryRow, MatchResultRow
from app.matching.models.feedback import MatchComparisonRow, MatchFeedbackRow, MatchWeightsRow
from app.matching.models.subscriptions import (
    MatchNewcomerRow,
    MatchQueryPairRow,
    MatchSubscriptionRow,
    MatchTellingRow,
)
from app.matching.models.wishes import MatchWishesRow

__all__ = [
    "MatchCaseActRow",
    "MatchCaseRow",
    "MatchComparisonRow",
    "MatchEntryRow",
    "MatchFeedbackRow",
    "MatchNewcomerRow",
    "MatchPairRow",
    "MatchQueryPairRow",
    "MatchResultRow",
    "MatchSubscriptionRow",
    "MatchTellingRow",
    "MatchWeightsRow",
    "MatchWishesRow",
    "MatchmakingDayRow",
    "MatchmakingPlanRow",
]
