"""The award queue: until when a standby bidder answers, and everything that becomes of a place."""

import sqlalchemy as sa
from alembic import op

revision = "0012_award_queue"
down_revision = "0011_forfeiture"
branch_labels = None
depends_on = None

EARLIER = "'waiting', 'asked', 'confirmed', 'signed', 'defaulted', 'declined'"
OUTCOMES = (
    "'waiting', 'asked', 'confirmed', 'signed', 'settled', 'defaulted', 'declined', 'silent', "
    "'released'"
)


def upgrade() -> None:
    op.add_column("award_queue", sa.Column("answer_by_at", sa.DateTime(timezone=True)))
    op.drop_column("award_queue", "shortfall_minor")  # the deal in default knows it
    _outcomes(OUTCOMES)
    op.create_check_constraint(
        op.f("ck_award_queue_asked_until"),
        "award_queue",
        "outcome <> 'asked' OR answer_by_at IS NOT NULL",
    )
    op.create_index(
        "uq_award_queue_asked",
        "award_queue",
        ["auction_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'asked'"),
    )


def _outcomes(names: str) -> None:
    op.drop_constraint(op.f("ck_award_queue_outcome"), "award_queue")
    op.create_check_constraint(
        op.f("ck_award_queue_outcome"), "award_queue", f"outcome IN ({names})"
    )


def downgrade() -> None:
    op.drop_index("uq_award_queue_asked", "award_queue")
    op.drop_constraint(op.f("ck_award_queue_asked_until"), "award_queue")
    op.execute("UPDATE award_queue SET outcome = 'signed' WHERE outcome = 'settled'")
    op.execute(
        "UPDATE award_queue SET outcome = 'declined' WHERE outcome IN ('silent', 'released')"
    )
    _outcomes(EARLIER)
    op.add_column("award_queue", sa.Column("shortfall_minor", sa.BigInteger))
    op.drop_column("award_queue", "answer_by_at")
