"""Filled in by its owner."""

revision = "0038_match_cases"
down_revision = "0037_match_subscriptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
