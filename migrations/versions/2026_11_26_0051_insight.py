"""Price statistics."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0051_insight"
down_revision = "0050_conversion_tracking"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
OUTCOMES = ("running", "sold", "defaulted", "failed", "withdrawn", "terminated")
METHODS = ("contested", "uncontested", "off_floor")


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} IN ({', '.join(repr(value) for value in values)})", name=column
    )


def upgrade() -> None:
    op.create_table(
        "price_sayings",
        sa.Column("listing_id", sa.Uuid, primary_key=True),
        sa.Column("part", sa.String(60), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("said", pg.JSONB, nullable=False),
    )
    op.create_table(
        "price_lots",
        sa.Column("listing_id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("achievement_id", sa.Uuid, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_on", sa.Date),
        sa.Column("appraisal_minor", sa.BigInteger),
        sa.Column("start_minor", sa.BigInteger, nullable=False),
        sa.Column("price_minor", sa.BigInteger),
        sa.Column("premium_bp", sa.BigInteger),
        sa.Column("start_ratio_bp", sa.BigInteger),
        sa.Column("price_ratio_bp", sa.BigInteger),
        sa.Column("bidders", sa.Integer, nullable=False),
        sa.Column("registered", sa.Integer, nullable=False),
        sa.Column("qualified", sa.Integer, nullable=False),
        sa.Column("deposited", sa.Integer, nullable=False),
        sa.Column("defaults", sa.Integer, nullable=False),
        sa.Column("sandbox", sa.Boolean, nullable=False),
        sa.Column("amount_known", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("method", sa.String(11), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("pricing_mode", sa.String(10), nullable=False),
        sa.Column("technology_field", sa.String(40), nullable=False),
        sa.Column("seller_region", sa.String(6)),
        sa.Column("seller_class", sa.String(40)),
        sa.Column("buyer_region", sa.String(6)),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        one_of("outcome", OUTCOMES),
        one_of("method", METHODS),
    )
    op.create_index(
        "ix_price_lots_market_id", "price_lots", ["market_id", "ended_at", "listing_id"]
    )
    op.create_index("ix_price_lots_ended_at", "price_lots", ["ended_at", "listing_id"])
    op.create_index(
        "ix_price_lots_defaulted",
        "price_lots",
        ["achievement_id"],
        postgresql_where=sa.text("defaults > 0"),
    )


def downgrade() -> None:
    op.drop_table("price_lots")
    op.drop_table("price_sayings")
