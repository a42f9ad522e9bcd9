"""Sealed bids opened by the holders of their keys: an amount or a reason, by at most nine."""

from alembic import op

revision = "0013_sealing"
down_revision = "0012_award_queue"
branch_labels = None
depends_on = None

CHECKS = (
    ("bid_openings", "amount_or_reason", "(amount_minor IS NULL) <> (void_reason IS NULL)"),
    ("bid_shares", "holder_position", "holder BETWEEN 1 AND 9"),
)


def upgrade() -> None:
    for table, name, rule in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def downgrade() -> None:
    for table, name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
