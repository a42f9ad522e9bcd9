"""Price terms, due items, royalty reports; a deal's one item for those that stand already."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0046_price_terms"
down_revision = "0045_contract_texts"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

KINDS = (
    "'price', 'instalment', 'entry_fee', 'milestone', 'shares', 'guaranteed', 'royalty',"
    " 'difference', 'interest'"
)

# Deals from before the schedule owe their price at the deadline of their notice.
SCHEDULE = """
INSERT INTO deal_dues (deal_id, number, kind, currency, amount_minor, paid_minor, within_price,
    due_at, call_at, state)
SELECT id, 1, 'price', currency, price_minor, paid_minor, true, pay_by_at,
    pay_by_at - interval '5 days',
    CASE WHEN paid_minor = price_minor THEN 'paid' WHEN paid_minor > 0 THEN 'part_paid'
        ELSE 'planned' END
FROM deals
"""


def _agreed(required: bool) -> list[sa.Column]:
    return [
        sa.Column("reason", sa.String(2000), nullable=not required),
        sa.Column("text_hash", sa.String(64), nullable=not required),
    ]


def _agreed_at() -> list[sa.Column]:
    return [sa.Column("seller_agreed_at", TIME), sa.Column("buyer_agreed_at", TIME)]


def _terms() -> None:
    op.create_table(
        "deal_terms",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("terms", pg.JSONB, nullable=False),
        sa.Column("fixed_at", TIME, nullable=False),
        *_agreed(required=False),
        *_agreed_at(),
        sa.CheckConstraint(
            "num_nulls(reason, text_hash, seller_agreed_at, buyer_agreed_at) IN (0, 4)",
            name="supplement",
        ),
    )
    op.create_table(
        "deal_supplements",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("terms", pg.JSONB, nullable=False),
        *_agreed(required=True),
        sa.Column("proposed_at", TIME, nullable=False),
        *_agreed_at(),
    )


def _dues() -> None:
    op.create_table(
        "deal_dues",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("paid_minor", sa.BigInteger, nullable=False),
        sa.Column("within_price", sa.Boolean, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("call_at", TIME),
        sa.Column("report_by_at", TIME),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("label", sa.String(200)),
        sa.Column("waits_for", sa.String(2000)),
        sa.Column("series", sa.Integer),
        sa.Column("period", sa.Integer),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        sa.CheckConstraint(
            "state IN ('planned', 'due', 'part_paid', 'paid', 'waived', 'reconciled')",
            name="state",
        ),
        sa.CheckConstraint(
            "paid_minor >= 0 AND (amount_minor IS NULL AND paid_minor = 0"
            " OR amount_minor >= paid_minor)",
            name="paid",
        ),
        sa.CheckConstraint(
            "(state = 'paid') = (amount_minor IS NOT NULL AND amount_minor = paid_minor)"
            " AND (state <> 'part_paid' OR paid_minor > 0)",
            name="state_of_paid",
        ),
        sa.CheckConstraint("(series IS NULL) = (period IS NULL)", name="series"),
        sa.CheckConstraint("amount_minor IS NOT NULL OR kind = 'royalty'", name="amount"),
        sa.CheckConstraint("due_at IS NOT NULL OR waits_for IS NOT NULL", name="due"),
    )
    op.create_index(
        "ix_deal_dues_open",
        "deal_dues",
        ["due_at", "deal_id", "number"],
        postgresql_where=sa.text("state IN ('planned', 'due', 'part_paid')"),
    )


def _reports() -> None:
    op.create_table(
        "deal_royalty_reports",
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True),
        sa.Column("due_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("series", sa.Integer, nullable=False),
        sa.Column("period", sa.Integer, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("base_minor", sa.BigInteger, nullable=False),
        sa.Column("evidence_id", sa.Uuid, sa.ForeignKey("files.id"), nullable=False),
        sa.Column("reported_at", TIME, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("objection", sa.String(2000)),
        sa.Column("objected_at", TIME),
        sa.Column("audited_minor", sa.BigInteger),
        sa.Column("audit_report_id", sa.Uuid, sa.ForeignKey("files.id")),
        sa.Column("audited_at", TIME),
        sa.Column("audit_paid_by", sa.String(10)),
        sa.CheckConstraint("state IN ('reported', 'objected', 'audited')", name="state"),
        sa.CheckConstraint("base_minor >= 0 AND audited_minor >= 0", name="base"),
        sa.CheckConstraint(
            "(state = 'audited') = (audited_minor IS NOT NULL)"
            " AND num_nulls(audited_minor, audit_report_id, audited_at, audit_paid_by) IN (0, 4)",
            name="audited",
        ),
        sa.CheckConstraint("state <> 'objected' OR objected_at IS NOT NULL", name="objected"),
        sa.CheckConstraint("audit_paid_by IN ('buyer', 'seller', 'equally')", name="audit_paid_by"),
    )


def _checks_of_deals(paid: str, opened: str) -> None:
    for name in ("moved", "opened"):
        op.drop_constraint(op.f(f"ck_deals_{name}"), "deals", type_="check")
    op.create_check_constraint(
        op.f("ck_deals_moved"),
        "deals",
        "released_minor >= 0 AND returned_minor >= 0"
        f" AND released_minor + returned_minor <= {paid}",
    )
    op.create_check_constraint(
        op.f("ck_deals_opened"),
        "deals",
        "status = 'defaulted' OR (engagement_id IS NOT NULL AND status = 'settled')"
        f" OR (status = 'opened') = ({opened})",
    )


def upgrade() -> None:
    op.add_column(
        "deals", sa.Column("beyond_minor", sa.BigInteger, nullable=False, server_default="0")
    )
    op.alter_column("deals", "beyond_minor", server_default=None)
    op.add_column("deals", sa.Column("shares_registered_at", TIME))
    op.add_column(
        "deals", sa.Column("terms_version", sa.Integer, nullable=False, server_default="0")
    )
    op.alter_column("deals", "terms_version", server_default=None)
    op.add_column("deals", sa.Column("final_total_minor", sa.BigInteger))
    op.create_check_constraint(
        op.f("ck_deals_beyond"),
        "deals",
        "beyond_minor >= 0 AND (final_total_minor IS NULL OR final_total_minor >= price_minor)",
    )
    _checks_of_deals(
        "paid_minor + beyond_minor", "paid_minor < price_minor AND shares_registered_at IS NULL"
    )
    _terms()
    _dues()
    _reports()
    op.execute(SCHEDULE)


def downgrade() -> None:
    op.drop_table("deal_royalty_reports")
    op.drop_table("deal_dues")
    op.drop_table("deal_supplements")
    op.drop_table("deal_terms")
    op.drop_constraint(op.f("ck_deals_beyond"), "deals", type_="check")
    _checks_of_deals("paid_minor", "paid_minor < price_minor")
    for name in ("final_total_minor", "terms_version", "shares_registered_at", "beyond_minor"):
        op.drop_column("deals", name)
