"""Filled in by its owner."""

revision = "0036_match_feedback"
down_revision = "0035_match_entries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
