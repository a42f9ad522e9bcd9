"""To be filled in."""

revision = "0013_sealing"
down_revision = "0012_award_queue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
