"""What other modules may use of matching."""

from app.matching.embedding.measuring import settings_for as embedder_settings
from app.matching.repository.results import owner_of as owner_of_match_result
from app.matching.repository.subscriptions import owner_of as owner_of_match_subscription
from app.matching.repository.weights import owner_of as owner_of_match_weights

__all__ = [
    "embedder_settings",
    "owner_of_match_result",
    "owner_of_match_subscription",
    "owner_of_match_weights",
]
