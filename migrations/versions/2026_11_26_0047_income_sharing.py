"""Income sharing: units' schemes, sharings, incomes of deals, objections, awards paid."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision: Final = "0047_income_sharing"
down_revision: Final = "0046_price_terms"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime(timezone=True)
TABLES: Final = (
    "award_payments",
    "sharing_objections",
    "deal_incomes",
    "sharings",
    "sharing_schemes",
)


def _column(
    name: str, kind: object, *, of: str | None = None, null: bool = False, key: bool = False
) -> sa.Column:
    links = () if of is None else (sa.ForeignKey(f"{of}.id"),)
    return sa.Column(name, kind, *links, nullable=null, primary_key=key)


def upgrade() -> None:
    """Make the tables and the sequence of human numbers."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("sharing_numbers")))
    op.create_table(
        "sharing_schemes",
        _column("id", sa.Uuid, key=True),
        _column("market_id", sa.Uuid, of="markets"),
        _column("party_id", sa.Uuid, of="parties"),
        _column("version", sa.Integer),
        _column("effective_on", sa.Date),
        _column("content", pg.JSONB),
        _column("published_at", TIME),
        sa.UniqueConstraint("party_id", "version", name="uq_sharing_schemes_version"),
    )
    _sharings()
    _beside()


def _sharings() -> None:
    op.create_table(
        "sharings",
        _column("id", sa.Uuid, key=True),
        _column("number", sa.String(24)),
        _column("market_id", sa.Uuid, of="markets"),
        _column("deal_id", sa.Uuid, of="deals"),
        _column("seller_id", sa.Uuid, of="parties"),
        _column("currency", sa.String(3)),
        _column("status", sa.String(10)),
        _column("version", sa.Integer),
        _column("plan", pg.JSONB),
        _column("opened_at", TIME),
        _column("notice", pg.JSONB, null=True),
        _column("notice_hash", sa.String(64), null=True),
        _column("notice_ends_at", TIME, null=True),
        _column("final_at", TIME, null=True),
        _column("due_on", sa.Date, null=True),
        sa.UniqueConstraint("number", name="uq_sharings_number"),
        sa.UniqueConstraint("deal_id", name="uq_sharings_deal_id"),
        sa.CheckConstraint(
            "status IN ('draft', 'noticed', 'objected', 'final', 'paid')", name="status"
        ),
        sa.CheckConstraint(
            "num_nonnulls(notice, notice_hash, notice_ends_at) IN (0, 3)"
            " AND (notice IS NOT NULL OR status = 'draft')",
            name="notice",
        ),
        sa.CheckConstraint(
            "(status IN ('final', 'paid')) = (final_at IS NOT NULL)", name="final"
        ),
    )
    op.create_index("ix_sharings_market_id", "sharings", ["market_id", "id"])
    op.create_index("ix_sharings_seller_id", "sharings", ["seller_id", "id"])
    op.create_index(
        "ix_sharings_due_on",
        "sharings",
        ["market_id", "due_on"],
        postgresql_where=sa.text("due_on IS NOT NULL"),
    )


def _beside() -> None:
    op.create_table(
        "deal_incomes",
        _column("id", sa.Uuid, key=True),
        _column("deal_id", sa.Uuid, of="deals"),
        _column("number", sa.Integer),
        _column("currency", sa.String(3)),
        _column("amount_minor", sa.BigInteger),
        _column("withheld_minor", sa.BigInteger),
        _column("received_at", TIME),
        sa.UniqueConstraint("deal_id", "number", name="uq_deal_incomes_number"),
        sa.CheckConstraint(
            "amount_minor > 0 AND withheld_minor >= 0 AND withheld_minor <= amount_minor",
            name="amount",
        ),
    )
    op.create_table(
        "sharing_objections",
        _column("sharing_id", sa.Uuid, of="sharings", key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _column("name", sa.String(200)),
        _column("text", sa.Text),
        _column("status", sa.String(10)),
        _column("filed_at", TIME),
        _column("decision", sa.Text, null=True),
        _column("decided_at", TIME, null=True),
        sa.CheckConstraint("status IN ('open', 'upheld', 'rejected', 'moot')", name="status"),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
    )
    op.create_table(
        "award_payments",
        _column("id", sa.Uuid, key=True),
        _column("sharing_id", sa.Uuid, of="sharings"),
        _column("person", sa.Integer),
        _column("quantity", sa.BigInteger),
        _column("paid_on", sa.Date),
        _column("reference", sa.String(200)),
        _column("recorded_at", TIME),
        sa.CheckConstraint("quantity > 0 AND person > 0", name="quantity"),
    )
    op.create_index("ix_award_payments_sharing_id", "award_payments", ["sharing_id"])


def downgrade() -> None:
    """Drop them again."""
    for table in TABLES:
        op.drop_table(table)
    op.execute(sa.schema.DropSequence(sa.Sequence("sharing_numbers")))
