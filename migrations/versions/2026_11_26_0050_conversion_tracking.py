"""Conversion tracking after the deal."""

revision = "0050_conversion_tracking"
down_revision = "0049_registration_filings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
