"""Filings of contracts at the registration office."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0049_registration_filings"
down_revision = "0048_certificates"
branch_labels = None
depends_on = None

_GROUNDS = (
    "'parties_unclear', 'subject_unclear', 'price_unclear', 'unlawful_terms', 'proofs_missing',"
    " 'name_differs_from_seal', 'title_inconsistent', 'not_in_writing', 'registered_before',"
    " 'not_a_technology_contract', 'form_incomplete', 'other'"
)


def upgrade() -> None:
    op.create_table(
        "registration_filings",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("decided_on", sa.Date),
        sa.Column("registration_number", sa.String(16)),
        sa.Column("recognised_total_minor", sa.BigInteger),
        sa.Column("recognised_technology_minor", sa.BigInteger),
        sa.Column("recognised_type", sa.String(60)),
        sa.Column("ground", sa.String(40)),
        sa.Column("reason", sa.String(2000)),
        sa.Column("filed", pg.JSONB),
        sa.Column("differs", sa.Boolean, nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'refused', 'registered')",
            name=op.f("ck_registration_filings_status"),
        ),
        sa.CheckConstraint(f"ground IN ({_GROUNDS})", name=op.f("ck_registration_filings_ground")),
        sa.CheckConstraint(
            "(status = 'registered') = (num_nulls(registration_number, recognised_total_minor,"
            " recognised_technology_minor, recognised_type) = 0)"
            " AND (status = 'refused') = (ground IS NOT NULL)"
            " AND (status = 'pending') = (decided_on IS NULL)"
            " AND (status = 'pending') = (filed IS NULL)",
            name=op.f("ck_registration_filings_decision"),
        ),
        sa.CheckConstraint(
            "registration_number ~ '^[0-9]{16}$'", name=op.f("ck_registration_filings_number")
        ),
        sa.CheckConstraint(
            "recognised_technology_minor > 0"
            " AND recognised_technology_minor <= recognised_total_minor",
            name=op.f("ck_registration_filings_recognised"),
        ),
    )
    op.create_index(
        "uq_registration_filings_number",
        "registration_filings",
        ["market_id", "registration_number"],
        unique=True,
    )
    op.create_index(
        "ix_registration_filings_market_id", "registration_filings", ["market_id", "deal_id"]
    )
    op.create_index(
        "ix_registration_filings_differs",
        "registration_filings",
        ["market_id", "deal_id"],
        postgresql_where=sa.text("differs"),
    )
    # Batches of sheets are asked for by period.
    op.create_index(
        "ix_deals_confirmed_at", "deals", ["market_id", "confirmed_at", "id"]
    )


def downgrade() -> None:
    op.drop_index("ix_deals_confirmed_at", "deals")
    op.drop_table("registration_filings")
