"""Demands."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0006_demands"
down_revision = "0005_listings"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "demands",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("technology_field", sa.String(40), nullable=False),
        sa.Column("background", sa.Text, nullable=False),
        sa.Column("targets", pg.JSONB, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("budget_kind", sa.String(10), nullable=False),
        sa.Column("budget_low_minor", sa.BigInteger),
        sa.Column("budget_high_minor", sa.BigInteger),
        sa.Column("budget_currency", sa.String(3)),
        sa.Column("cooperation_mode", sa.String(40), nullable=False),
        sa.Column("ip_ownership", sa.String(40), nullable=False),
        sa.Column("failure_risk_rule", sa.String(40), nullable=False),
        sa.Column("who_may_answer", pg.ARRAY(sa.String(20)), nullable=False),
        sa.Column("confidentiality", sa.String(10), nullable=False),
        sa.Column("milestones", pg.JSONB, nullable=False),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("reviewed_at", TIME),
        sa.Column("refusal_reason", sa.Text),
        sa.CheckConstraint("status IN ('submitted', 'posted', 'refused')", name="status"),
        sa.CheckConstraint("confidentiality IN ('public', 'restricted')", name="confidentiality"),
        sa.CheckConstraint("budget_kind IN ('fixed', 'range', 'open')", name="budget_kind"),
        sa.CheckConstraint(
            "CASE budget_kind WHEN 'open' THEN num_nonnulls(budget_low_minor, budget_high_minor,"
            " budget_currency) = 0 ELSE num_nonnulls(budget_low_minor, budget_high_minor,"
            " budget_currency) = 3 AND budget_low_minor > 0"
            " AND budget_high_minor >= budget_low_minor END",
            name="budget",
        ),
        sa.CheckConstraint("status <> 'refused' OR refusal_reason IS NOT NULL", name="refusal"),
    )
    op.create_index("ix_demands_market_id", "demands", ["market_id", "id"])
    op.create_index("ix_demands_party_id", "demands", ["party_id", "id"])


def downgrade() -> None:
    op.drop_table("demands")
