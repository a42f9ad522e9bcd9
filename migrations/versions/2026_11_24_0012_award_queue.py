"""To be filled in."""

revision = "0012_award_queue"
down_revision = "0011_forfeiture"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
