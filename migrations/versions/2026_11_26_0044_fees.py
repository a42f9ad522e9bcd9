"""Fees: policies, charges, brokers, invoice titles, innovation vouchers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0044_fees"
down_revision = "0043_deposit_terms"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
MET = "funds_minor + withheld_minor + voucher_minor + waived_minor"
APPEND_ONLY = ("fee_policies", "invoice_titles", "voucher_programmes")


def upgrade() -> None:
    op.create_table(
        "fee_policies",
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("terms", pg.JSONB, nullable=False),
        sa.Column("entered_by", sa.String(60), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
    )
    op.create_index(
        "ix_fee_policies_effective", "fee_policies", ["market_id", "effective_on", "version"]
    )
    op.create_table(
        "deal_charges",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("side", sa.String(6), nullable=False),
        sa.Column("payer_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("payee_id", sa.Uuid, sa.ForeignKey("parties.id")),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in (
                "amount_minor",
                "funds_minor",
                "withheld_minor",
                "voucher_minor",
                "waived_minor",
                "refunded_minor",
            )
        ),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("calculation", pg.JSONB, nullable=False),
        sa.Column("reason", sa.String(2000)),
        sa.Column("invoice_number", sa.String(20)),
        sa.Column("invoiced_on", sa.Date),
        sa.CheckConstraint("kind IN ('commission', 'brokerage')", name="kind"),
        sa.CheckConstraint("side IN ('buyer', 'seller')", name="side"),
        sa.CheckConstraint("status IN ('due', 'met', 'cancelled')", name="status"),
        sa.CheckConstraint("amount_minor >= 0", name="amount"),
        sa.CheckConstraint(
            "funds_minor >= 0 AND withheld_minor >= 0 AND voucher_minor >= 0 AND waived_minor >= 0"
            f" AND {MET} <= amount_minor",
            name="met",
        ),
        sa.CheckConstraint(
            f"status = 'cancelled' OR (status = 'met') = ({MET} = amount_minor)",
            name="status_of_met",
        ),
        sa.CheckConstraint(
            "refunded_minor BETWEEN 0 AND funds_minor", name="refund"
        ),
        sa.CheckConstraint("(kind = 'brokerage') = (payee_id IS NOT NULL)", name="payee"),
        sa.CheckConstraint("(invoice_number IS NULL) = (invoiced_on IS NULL)", name="invoice"),
    )
    op.create_index(
        "uq_deal_charges_invoice_number",
        "deal_charges",
        ["market_id", "invoice_number"],
        unique=True,
    )
    for column in ("market_id", "payer_id", "payee_id"):
        op.create_index(
            f"ix_deal_charges_{column}", "deal_charges", [column, "deal_id", "number"]
        )
    op.create_table(
        "deal_brokers",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("broker_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("named_by", sa.String(60), nullable=False),
        sa.Column("named_at", TIME, nullable=False),
        sa.Column("buyer_consent_at", TIME),
        sa.Column("buyer_consent_by", sa.String(60)),
        sa.Column("seller_consent_at", TIME),
        sa.Column("seller_consent_by", sa.String(60)),
    )
    op.create_table(
        "invoice_titles",
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("tax_number", sa.String(20)),
        sa.Column("address_phone", sa.String(400)),
        sa.Column("bank_account", sa.String(400)),
        sa.Column("entered_by", sa.String(60), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
    )
    _create_vouchers()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_vouchers() -> None:
    op.create_table(
        "voucher_programmes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("issuer", sa.String(200), nullable=False),
        sa.Column("region_code", sa.String(6), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("cap_minor", sa.BigInteger, nullable=False),
        sa.Column("year_cap_minor", sa.BigInteger, nullable=False),
        sa.Column("share_bp", sa.Integer, nullable=False),
        sa.Column("uses", pg.ARRAY(sa.String(5)), nullable=False),
        sa.Column("entered_by", sa.String(60), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.CheckConstraint("valid_from <= valid_to", name="dates"),
        sa.CheckConstraint("cap_minor > 0 AND year_cap_minor >= cap_minor", name="caps"),
        sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share"),
    )
    op.create_index("ix_voucher_programmes_market_id", "voucher_programmes", ["market_id", "id"])
    op.create_table(
        "vouchers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("programme_id", sa.Uuid, sa.ForeignKey("voucher_programmes.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("holder_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("face_minor", sa.BigInteger, nullable=False),
        sa.Column("expires_on", sa.Date, nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id")),
        sa.Column("charge_number", sa.Integer),
        sa.Column("used_minor", sa.BigInteger),
        sa.Column("reserved_at", TIME),
        sa.Column("redeemed_at", TIME),
        sa.Column("claimed_at", TIME),
        sa.Column("settled_at", TIME),
        sa.Column("bank_reference", sa.String(200)),
        sa.Column("round", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "status IN ('issued', 'reserved', 'redeemed', 'claimed', 'settled')", name="status"
        ),
        sa.CheckConstraint("face_minor > 0", name="face"),
        sa.CheckConstraint("used_minor > 0 AND used_minor <= face_minor", name="used"),
        sa.CheckConstraint(
            "(status = 'issued') = (used_minor IS NULL) AND (status = 'issued') = (deal_id IS NULL)"
            " AND (status = 'issued') = (reserved_at IS NULL)"
            " AND (status IN ('redeemed', 'claimed', 'settled')) = (redeemed_at IS NOT NULL)"
            " AND (status IN ('claimed', 'settled')) = (claimed_at IS NOT NULL)"
            " AND (status = 'settled') = (settled_at IS NOT NULL)"
            " AND (status = 'settled') = (bank_reference IS NOT NULL)",
            name="course",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id", "charge_number"],
            ["deal_charges.deal_id", "deal_charges.number"],
            name="fk_vouchers_charge",
        ),
    )
    op.create_index("uq_vouchers_number", "vouchers", ["programme_id", "number"], unique=True)
    op.create_index("ix_vouchers_holder_id", "vouchers", ["holder_id", "programme_id", "id"])
    op.create_index("ix_vouchers_market_id", "vouchers", ["market_id", "id"])
    op.create_index("ix_vouchers_deal_id", "vouchers", ["deal_id"])


def downgrade() -> None:
    op.drop_table("vouchers")
    op.drop_table("voucher_programmes")
    op.drop_table("invoice_titles")
    op.drop_table("deal_brokers")
    op.drop_table("deal_charges")
    op.drop_table("fee_policies")
