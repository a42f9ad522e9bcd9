"""To be filled in."""

revision = "0014_priority"
down_revision = "0013_sealing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
