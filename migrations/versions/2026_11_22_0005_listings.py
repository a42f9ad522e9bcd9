"""Achievements, listings, notices, registrations."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0005_listings"
down_revision = "0004_ledger"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE listing_numbers")
    _achievements()
    _listings()
    op.create_table(
        "listing_notices",
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), primary_key=True),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
    )
    op.execute(
        "CREATE TRIGGER listing_notices_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON listing_notices"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    _registrations()


def _achievements() -> None:
    op.create_table(
        "achievements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("technology_field", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("ip_kind", sa.String(40), nullable=False),
        sa.Column("ip_assets", pg.JSONB, nullable=False),
        sa.Column("readiness_scale", sa.String(40), nullable=False),
        sa.Column("readiness_level", sa.Integer, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("state_of_the_art", sa.Text, nullable=False),
        sa.Column("completers", pg.JSONB, nullable=False),
        sa.Column("service_result", sa.Boolean, nullable=False),
        sa.Column("empowerment", sa.String(20), nullable=False),
        sa.Column("plan_source", sa.String(40), nullable=False),
        sa.Column("conversion_modes", pg.ARRAY(sa.String(40)), nullable=False),
        sa.Column("price_idea_minor", sa.BigInteger),
        sa.Column("price_idea_currency", sa.String(3)),
        sa.Column("confidentiality", sa.String(10), nullable=False),
        sa.Column("keywords", pg.ARRAY(sa.String(200)), nullable=False),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("reviewed_at", TIME),
        sa.Column("refusal_reason", sa.Text),
        sa.CheckConstraint("status IN ('submitted', 'accepted', 'refused')", name="status"),
        sa.CheckConstraint("confidentiality IN ('public', 'restricted')", name="confidentiality"),
        sa.CheckConstraint(
            "empowerment IN ('none', 'ownership_share', 'long_term_use')", name="empowerment"
        ),
        sa.CheckConstraint(
            "(price_idea_minor IS NULL) = (price_idea_currency IS NULL)", name="price_idea"
        ),
        sa.CheckConstraint("status <> 'refused' OR refusal_reason IS NOT NULL", name="refusal"),
    )
    op.create_index("ix_achievements_market_id", "achievements", ["market_id", "id"])
    op.create_index("ix_achievements_party_id", "achievements", ["party_id", "id"])


def _listings() -> None:
    op.create_table(
        "listings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("seller_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("achievement_id", sa.Uuid, sa.ForeignKey("achievements.id"), nullable=False),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("sessions.id")),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("pricing_mode", sa.String(10), nullable=False),
        sa.Column("conversion_mode", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("floor_minor", sa.BigInteger, nullable=False),
        sa.Column("deposit_minor", sa.BigInteger, nullable=False),
        sa.Column("base_price_minor", sa.BigInteger),
        sa.Column("contract_terms", sa.Text, nullable=False),
        sa.Column("payment_terms", sa.Text, nullable=False),
        sa.Column("buyer_conditions", sa.Text, nullable=False),
        sa.Column("forfeiture_terms", sa.Text, nullable=False),
        sa.Column("drafted_at", TIME, nullable=False),
        sa.Column("auction_id", sa.Uuid),
        sa.Column("opens_at", TIME),
        sa.Column("bidding", pg.JSONB),
        sa.Column("policy_id", sa.Uuid, sa.ForeignKey("policies.id")),
        sa.Column("policy", pg.JSONB),
        sa.Column("published_at", TIME),
        sa.Column("disclosure_ends_at", TIME),
        sa.CheckConstraint(
            "status IN ('draft', 'disclosing', 'closed', 'sold', 'failed')", name="status"
        ),
        sa.CheckConstraint(
            "pricing_mode IN ('agreement', 'posted', 'bidding')", name="pricing_mode"
        ),
        sa.CheckConstraint("floor_minor > 0", name="floor"),
        sa.CheckConstraint("deposit_minor > 0 AND deposit_minor <= floor_minor", name="deposit"),
        sa.CheckConstraint("base_price_minor > 0", name="base_price"),
        sa.CheckConstraint(
            "status = 'draft' OR (published_at IS NOT NULL AND disclosure_ends_at > published_at"
            " AND policy_id IS NOT NULL AND policy IS NOT NULL)",
            name="published",
        ),
        sa.CheckConstraint("(auction_id IS NULL) = (opens_at IS NULL)", name="bidding"),
    )
    op.create_index("uq_listings_number", "listings", ["number"], unique=True)
    op.create_index("ix_listings_market_id", "listings", ["market_id", "id"])
    op.create_index("ix_listings_seller_id", "listings", ["seller_id", "id"])
    op.create_index("ix_listings_session_id", "listings", ["session_id"])
    op.create_index("ix_listings_achievement_id", "listings", ["achievement_id"])
    op.create_index(
        "uq_listings_achievement_open",
        "listings",
        ["achievement_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('disclosing', 'closed')"),
    )


def _registrations() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("accepted_terms_hash", sa.String(64), nullable=False),
        sa.Column("accepted_by", sa.String(60), nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("decided_at", TIME),
        sa.Column("reason", sa.Text),
        sa.Column("bidder_code", sa.String(8)),
        sa.Column("bank_reference", sa.String(200)),
        sa.Column("received_at", TIME),
        sa.Column("deposit_entry_id", sa.Uuid),
        sa.CheckConstraint(
            "status IN ('applied', 'qualified', 'refused', 'deposited')", name="status"
        ),
        sa.CheckConstraint(
            "(status = 'deposited') = (bidder_code IS NOT NULL AND bank_reference IS NOT NULL"
            " AND received_at IS NOT NULL AND deposit_entry_id IS NOT NULL)",
            name="deposit",
        ),
        sa.CheckConstraint("status <> 'refused' OR reason IS NOT NULL", name="refusal"),
    )
    op.create_index(
        "uq_registrations_listing_party", "registrations", ["listing_id", "party_id"], unique=True
    )
    op.create_index(
        "uq_registrations_bidder_code", "registrations", ["listing_id", "bidder_code"], unique=True
    )
    op.create_index(
        "uq_registrations_bank_reference",
        "registrations",
        ["market_id", "bank_reference"],
        unique=True,
    )
    op.create_index("ix_registrations_party_id", "registrations", ["party_id"])


def downgrade() -> None:
    for table in ("registrations", "listing_notices", "listings", "achievements"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE listing_numbers")
