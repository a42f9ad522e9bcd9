"""Filled in by its owner."""

revision = "0039_match_wishes"
down_revision = "0038_match_cases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
