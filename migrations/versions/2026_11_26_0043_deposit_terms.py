"""Deposits."""

revision = "0043_deposit_terms"
down_revision = "0042_bank_statements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
