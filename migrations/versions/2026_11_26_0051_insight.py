"""Price statistics."""

revision = "0051_insight"
down_revision = "0050_conversion_tracking"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
