"""Tables of settlement: deals, their payments and contracts."""

from alembic import op
import sqlalchemy as sa

revision = "0007_settlement"
down_revision = "0006_demands"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE deal_numbers")
    op.create_table(
        "deals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("seller_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("buyer_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("registration_id", sa.Uuid, sa.ForeignKey("registrations.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("start_minor", sa.BigInteger, nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("deposit_minor", sa.BigInteger, nullable=False),
        sa.Column("paid_minor", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("source_id", sa.Uuid, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("contract_version", sa.Integer, nullable=False),
        sa.UniqueConstraint("listing_id", name="uq_deals_listing_id"),
        sa.UniqueConstraint("number", name="uq_deals_number"),
        sa.CheckConstraint("status IN ('opened', 'paid', 'settled')", name="status"),
        sa.CheckConstraint("start_minor > 0 AND price_minor >= start_minor", name="price"),
        sa.CheckConstraint(
            "deposit_minor > 0 AND deposit_minor <= paid_minor AND paid_minor <= price_minor",
            name="paid",
        ),
        sa.CheckConstraint("(status = 'opened') = (paid_minor < price_minor)", name="opened"),
        sa.CheckConstraint("(status = 'settled') = (settled_at IS NOT NULL)", name="settled"),
        sa.CheckConstraint("seller_id <> buyer_id", name="parties"),
    )
    op.create_index("ix_deals_market_id", "deals", ["market_id", "id"])
    op.create_index("ix_deals_seller_id", "deals", ["seller_id", "id"])
    op.create_index("ix_deals_buyer_id", "deals", ["buyer_id", "id"])
    op.create_table(
        "deal_payments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("payer_name", sa.String(200), nullable=False),
        sa.Column("bank_reference", sa.String(200), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.UniqueConstraint("deal_id", "bank_reference", name="uq_deal_payments_bank_reference"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
    )
    op.create_table(
        "deal_contracts",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("project_name", sa.String(200)),
        sa.Column("contract_type", sa.String(60)),
        sa.Column("technology_amount_minor", sa.BigInteger),
        sa.Column("signed_on", sa.Date),
        sa.Column("starts_on", sa.Date),
        sa.Column("ends_on", sa.Date),
        sa.Column("payment_mode", sa.String(60)),
        sa.Column("plan_source", sa.String(60)),
        sa.Column("social_economic_objective", sa.String(60)),
        sa.Column("ip_kind", sa.String(60)),
        sa.Column("related_party", sa.Boolean),
        sa.Column("in_writing", sa.Boolean),
        sa.Column("patent_ends_on", sa.Date),
        sa.Column("buyer_is_transfer_institution", sa.Boolean),
        sa.Column("buyer_is_rd_institution", sa.Boolean),
        sa.Column("buyer_is_converted_institute", sa.Boolean),
        sa.CheckConstraint("technology_amount_minor > 0", name="technology_amount"),
    )


def downgrade() -> None:
    for table in ("deal_contracts", "deal_payments", "deals"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE deal_numbers")
