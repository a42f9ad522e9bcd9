"""Accounts for money of unknown owners, on its way, earned, and owed by vouchers' issuers."""

from alembic import op

revision = "0041_ledger_purposes"
down_revision = "0040_match_results_excluded"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_accounts_purpose"), "accounts")
    op.create_check_constraint(
        op.f("ck_accounts_purpose"),
        "accounts",
        "purpose IN ('bank', 'funds', 'held', 'escrow', 'forfeited', 'suspense', 'outgoing', 'fees', 'vouchers')",
    )
    op.create_index("ix_accounts_subject_id", "accounts", ["subject_id"])


def downgrade() -> None:
    op.drop_index("ix_accounts_subject_id", "accounts")
    op.drop_constraint(op.f("ck_accounts_purpose"), "accounts")
    op.create_check_constraint(
        op.f("ck_accounts_purpose"), "accounts", "purpose IN ('bank', 'funds', 'held', 'escrow', 'forfeited')"
    )
