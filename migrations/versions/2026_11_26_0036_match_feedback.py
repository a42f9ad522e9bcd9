"""What people say of matches, versions of weights, and comparisons of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0036_match_feedback"
down_revision = "0035_match_entries"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index(
        "ix_match_results_shown",
        "match_results",
        [sa.text("jsonb_path_query_array(matches, '$[*].entry_id')")],
        postgresql_using="gin",
    )
    _feedback()
    _weights()


def _feedback() -> None:
    op.create_table(
        "match_feedback",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("result_id", sa.Uuid, sa.ForeignKey("match_results.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("shown_id", sa.Uuid, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("side", sa.String(10), nullable=False),
        sa.Column("judge_id", sa.Uuid),
        sa.Column("judgement", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("comment", sa.String(2000)),
        sa.Column("judged_at", TIME, nullable=False),
        sa.Column("deal_id", sa.Uuid),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("text_score", sa.Double, nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("factor_values", pg.JSONB, nullable=False),
        sa.Column("shown_revision", sa.Integer, nullable=False),
        sa.Column("basis", pg.JSONB, nullable=False),
        sa.CheckConstraint(
            "judgement IN ('accepted', 'rejected', 'meeting', 'offer', 'deal')", name="judgement"
        ),
        sa.CheckConstraint(
            "reason IN ('wrong_problem', 'readiness_too_low', 'price_too_high', 'region',"
            " 'ip_terms', 'cooperation_mode', 'too_late', 'already_known', 'capacity', 'other')",
            name="reason",
        ),
        sa.CheckConstraint("side IN ('party', 'broker', 'staff', 'system')", name="side"),
        sa.CheckConstraint("verdict IN ('strong', 'possible', 'none')", name="verdict"),
        sa.CheckConstraint(
            "(judgement = 'rejected') = (reason IS NOT NULL)"
            " AND (comment IS NULL OR reason IS NOT NULL)",
            name="explained",
        ),
        sa.CheckConstraint("(side = 'system') = (judge_id IS NULL)", name="judge"),
        sa.UniqueConstraint("entry_id", "shown_id", "ordinal", name="uq_match_feedback_pair"),
    )
    op.create_index("ix_match_feedback_result_id", "match_feedback", ["result_id", "id"])
    op.create_index(
        "ix_match_feedback_first",
        "match_feedback",
        ["market_id", "judged_at"],
        postgresql_where=sa.text("ordinal = 1"),
    )


def _weights() -> None:
    op.create_table(
        "match_weights",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("text_bp", sa.Integer, nullable=False),
        sa.Column("factors_bp", pg.JSONB, nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("activated_at", TIME),
        sa.Column("rematched_to", sa.Uuid),
        sa.CheckConstraint("status IN ('proposed', 'active', 'retired')", name="status"),
        sa.UniqueConstraint("market_id", "number", name="uq_match_weights_number"),
    )
    op.create_index(
        "uq_match_weights_active",
        "match_weights",
        ["market_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "match_comparisons",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("weights_id", sa.Uuid, sa.ForeignKey("match_weights.id"), nullable=False),
        sa.Column("baseline", sa.String(40), nullable=False),
        sa.Column("newest", sa.Integer, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("compared_at", TIME, nullable=False),
        sa.Column("figures", pg.JSONB, nullable=False),
    )
    op.create_index("ix_match_comparisons_weights_id", "match_comparisons", ["weights_id", "id"])


def downgrade() -> None:
    op.drop_table("match_comparisons")
    op.drop_table("match_weights")
    op.drop_table("match_feedback")
    op.drop_index("ix_match_results_shown", "match_results")
