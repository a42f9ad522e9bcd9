"""Bank statements, arrivals, payment orders (banking)."""

revision = "0042_bank_statements"
down_revision = "0041_ledger_purposes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
