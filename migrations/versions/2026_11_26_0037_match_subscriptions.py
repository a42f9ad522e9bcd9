"""Filled in by its owner."""

revision = "0037_match_subscriptions"
down_revision = "0036_match_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
