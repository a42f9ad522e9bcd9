"""Filings of contracts at the registration office."""

revision = "0049_registration_filings"
down_revision = "0048_certificates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
