"""What other modules may use of matching."""

from app.matching.repository.subscriptions import owner_of as owner_of_match_subscription

__all__ = ["owner_of_match_subscription"]
