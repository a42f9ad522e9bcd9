"""Auctions and bids."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0008_auctions"
down_revision = "0007_settlement"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "auctions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("seller_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("sessions.id")),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("terms", pg.JSONB, nullable=False),
        sa.Column("opens_at", TIME, nullable=False),
        sa.Column("announced_at", TIME),
        sa.Column("status", sa.String(9), nullable=False),
        sa.Column("deadline_at", TIME, nullable=False),
        sa.Column("leader_id", sa.Uuid),
        sa.Column("leader_code", sa.String(12)),
        sa.Column("leading_minor", sa.BigInteger),
        sa.Column("contested", sa.Boolean, nullable=False),
        sa.Column("bid_count", sa.Integer, nullable=False),
        sa.Column("judged_count", sa.Integer, nullable=False),
        sa.Column("last_judged_at", TIME),
        sa.Column("confirmed_at", TIME),
        sa.Column("deal_id", sa.Uuid),
        sa.UniqueConstraint("listing_id"),
        sa.CheckConstraint(
            "status IN ('scheduled', 'free', 'timed', 'awarded', 'failed', 'confirmed')",
            name="status",
        ),
        sa.CheckConstraint(
            "(leader_id IS NULL) = (leading_minor IS NULL)", name="leader_has_price"
        ),
    )
    op.create_index("ix_auctions_market_id", "auctions", ["market_id", "id"])
    op.create_index("ix_auctions_session_id", "auctions", ["session_id"])
    op.create_table(
        "bids",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("auction_id", sa.Uuid, sa.ForeignKey("auctions.id"), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("bidder_code", sa.String(12), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("phase", sa.String(9), nullable=False),
        sa.Column("refusal", sa.String(60)),
        sa.Column("judged_at", TIME, nullable=False),
    )
    op.create_index(
        "uq_bids_auction_sequence", "bids", ["auction_id", "sequence"], unique=True
    )
    op.execute(
        "CREATE TRIGGER bids_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bids "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("bids")
    op.drop_table("auctions")
