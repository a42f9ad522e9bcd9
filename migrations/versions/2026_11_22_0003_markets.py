"""Tables of markets."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0003_markets"
down_revision = "0002_identity"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "markets",
        sa.Column("id", sa.Uuid, sa.ForeignKey("market_clocks.market_id"), primary_key=True),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name_zh", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("region_code", sa.String(6), nullable=False),
        sa.Column("edition", sa.String(40), nullable=False),
        sa.Column("sandbox", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=NOW),
    )
    op.create_index("uq_markets_code", "markets", ["code"], unique=True)
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("seller_class", sa.String(40), nullable=False),
        sa.Column("pricing_mode", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("terms", pg.JSONB, nullable=False),
        sa.Column("entered_by", sa.String(60), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.CheckConstraint(
            "seller_class IN "
            "('university', 'government_institute', 'state_owned_enterprise', 'private')",
            name="seller_class",
        ),
        sa.CheckConstraint(
            "pricing_mode IN ('agreement', 'posted', 'bidding')", name="pricing_mode"
        ),
    )
    op.create_index(
        "uq_policies_version",
        "policies",
        ["market_id", "seller_class", "pricing_mode", "version"],
        unique=True,
    )
    op.execute(
        "CREATE TRIGGER policies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policies "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("edition", sa.String(40), nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("ix_sessions_market_id_id", "sessions", ["market_id", "id"])


def downgrade() -> None:
    for table in ("sessions", "policies", "markets"):
        op.drop_table(table)
