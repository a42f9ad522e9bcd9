"""Certificates."""

revision = "0048_certificates"
down_revision = "0047_income_sharing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
