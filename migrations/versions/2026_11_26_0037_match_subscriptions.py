"""Match subscriptions, what each has told, and when entries were new."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0037_match_subscriptions"
down_revision = "0036_match_feedback"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "match_subscriptions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("wants", sa.String(12), nullable=False),
        sa.Column("entry_id", sa.Uuid),
        sa.Column("technology_field", sa.String(40)),
        sa.Column("query", sa.String(2000)),
        sa.Column("wishes", pg.JSONB),
        sa.Column("least", sa.String(10), nullable=False),
        sa.Column("delivery", sa.String(10), nullable=False),
        sa.Column("digest_hour", sa.SmallInteger, nullable=False),
        sa.Column("quiet_from", sa.SmallInteger, nullable=False),
        sa.Column("quiet_to", sa.SmallInteger, nullable=False),
        sa.Column("since", TIME, nullable=False, server_default=NOW),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("source IN ('demand', 'achievement', 'field', 'query')", name="source"),
        sa.CheckConstraint("wants IN ('achievement', 'demand')", name="wants"),
        sa.CheckConstraint("least IN ('strong', 'possible', 'none')", name="least"),
        sa.CheckConstraint("delivery IN ('instant', 'daily', 'weekly')", name="delivery"),
        sa.CheckConstraint(
            "(source IN ('demand', 'achievement')) = (entry_id IS NOT NULL)", name="entry"
        ),
        sa.CheckConstraint("(source = 'field') = (technology_field IS NOT NULL)", name="field"),
        sa.CheckConstraint("(source = 'query') = (num_nonnulls(query, wishes) = 2)", name="query"),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),
        sa.CheckConstraint(
            "quiet_from BETWEEN 0 AND 23 AND quiet_to BETWEEN 0 AND 23", name="quiet_hours"
        ),
    )
    op.create_index("ix_match_subscriptions_party_id", "match_subscriptions", ["party_id", "id"])
    op.create_index("ix_match_subscriptions_entry_id", "match_subscriptions", ["entry_id"])
    op.create_index(
        "ix_match_subscriptions_field", "match_subscriptions", ["technology_field", "wants"]
    )
    op.create_table(
        "match_query_pairs",
        sa.Column("pair", sa.String(40), primary_key=True),
        sa.Column(
            "subscription_id",
            sa.Uuid,
            sa.ForeignKey("match_subscriptions.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("share", sa.Double, nullable=False),
    )
    op.create_index(
        "ix_match_query_pairs_subscription_id", "match_query_pairs", ["subscription_id"]
    )
    op.create_table(
        "match_tellings",
        sa.Column(
            "subscription_id",
            sa.Uuid,
            sa.ForeignKey("match_subscriptions.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", pg.JSONB),
        sa.Column("told_at", TIME),
        sa.CheckConstraint("(content IS NULL) = (told_at IS NOT NULL)", name="told"),
    )
    op.create_index(
        "ix_match_tellings_waiting",
        "match_tellings",
        ["subscription_id"],
        postgresql_where=sa.text("told_at IS NULL"),
    )
    op.create_table(
        "match_newcomers",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("seen_at", TIME, nullable=False, server_default=NOW),
    )


def downgrade() -> None:
    op.drop_table("match_newcomers")
    op.drop_table("match_tellings")
    op.drop_table("match_query_pairs")
    op.drop_table("match_subscriptions")
