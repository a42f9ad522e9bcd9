"""Which results are evaluated."""

from typing import Final

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import Secrecy
from app.shared.errors import Conflict

EVALUABLE: Final = (
    AchievementStatus.SUBMITTED,
    AchievementStatus.SELECTING,
    AchievementStatus.ACCEPTED,
    AchievementStatus.STALE,
)


class NotEvaluable(Conflict):
    """Only what its owner stands by, and no state secret, is shown to a panel."""

    code = "achievement_not_evaluable"
    title_zh = "该成果目前不能申请评价"
    title_en = "This result cannot be evaluated now"


def require_evaluable(achievement: Achievement) -> None:
    """Refuse drafts, what was returned, refused or withdrawn, and state secrets.

    Raises:
        NotEvaluable: Names the states in which it could be.

    Source: rules.md A8; default for the states.
    """
    secret = achievement.content.secrecy is Secrecy.STATE_SECRET
    if secret or achievement.status not in EVALUABLE:
        raise NotEvaluable(
            "Submit it first; state secrets are not evaluated here.",
            state=achievement.status,
            accepted=list(EVALUABLE),
            state_secret=secret,
        )
