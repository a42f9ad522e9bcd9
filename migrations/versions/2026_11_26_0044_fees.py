"""Fees, invoices, vouchers."""

revision = "0044_fees"
down_revision = "0043_deposit_terms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
