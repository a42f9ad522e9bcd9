"""Engagements with their milestones and deliveries, and deals of demands."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision: Final = "0031_engagements"
down_revision: Final = "0030_reviews"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime(timezone=True)
EARLIER_PRICE: Final = "start_minor > 0 AND price_minor >= start_minor"
PRICE: Final = (
    "start_minor > 0 AND price_minor > 0 AND (listing_id IS NULL OR price_minor >= start_minor)"
)
EARLIER_OPENED: Final = "status = 'defaulted' OR (status = 'opened') = (paid_minor < price_minor)"
OPENED: Final = (
    "status = 'defaulted' OR (engagement_id IS NOT NULL AND status = 'settled')"
    " OR (status = 'opened') = (paid_minor < price_minor)"
)
SOURCE: Final = (
    "num_nonnulls(listing_id, engagement_id) = 1"
    " AND (listing_id IS NULL) = (registration_id IS NULL)"
    " AND (demand_id IS NULL) = (engagement_id IS NULL)"
    " AND (listing_id IS NOT NULL OR deposit_minor = 0)"
)
MOVED: Final = (
    "released_minor >= 0 AND returned_minor >= 0 AND released_minor + returned_minor <= paid_minor"
)


def upgrade() -> None:
    """Make the tables; let a deal come from a demand as well."""
    op.execute("CREATE SEQUENCE engagement_numbers")
    _make_engagements()
    _make_milestones()
    _open_deals()


def _make_engagements() -> None:
    op.create_table(
        "engagements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), nullable=False),
        sa.Column("proposal_id", sa.Uuid, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("poster_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("solver_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("failure_risk_rule", sa.String(40), nullable=False),
        sa.Column("poster_risk_bp", sa.Integer),
        sa.Column("lump_sum", sa.Boolean, nullable=False),
        sa.Column("third_party", sa.String(200)),
        sa.Column("racing", sa.Boolean, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("sign_by_at", TIME, nullable=False),
        sa.Column("pay_by_at", TIME, nullable=False),
        sa.Column("released_minor", sa.BigInteger, nullable=False),
        sa.Column("returned_minor", sa.BigInteger, nullable=False),
        sa.Column("deal_id", sa.Uuid),
        sa.Column("signed_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("reason", sa.Text),
        sa.Column("costs", pg.JSONB, nullable=False),
        sa.Column("proposal", pg.JSONB),
        sa.Column("entitled_minor", sa.BigInteger),
        sa.Column("outcome", pg.JSONB),
        sa.CheckConstraint(
            "status IN ('opened', 'contracted', 'completed', 'cut', 'stopped', 'fallen')",
            name="status",
        ),
        sa.CheckConstraint("price_minor > 0", name="price"),
        sa.CheckConstraint(
            "released_minor >= 0 AND returned_minor >= 0"
            " AND released_minor + returned_minor <= price_minor",
            name="moved",
        ),
        sa.CheckConstraint("poster_id <> solver_id", name="parties"),
        sa.CheckConstraint(
            "(status IN ('cut', 'stopped')) = (entitled_minor IS NOT NULL)", name="entitled"
        ),
        sa.CheckConstraint(
            "(status IN ('opened', 'contracted')) = (ended_at IS NULL)", name="ended"
        ),
    )
    op.create_index("uq_engagements_number", "engagements", ["number"], unique=True)
    op.create_index(
        "uq_engagements_proposal_id",
        "engagements",
        ["proposal_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'fallen'"),
    )
    op.create_index("ix_engagements_demand_id", "engagements", ["demand_id"])
    for column in ("market_id", "poster_id", "solver_id"):
        op.create_index(f"ix_engagements_{column}", "engagements", [column, "id"])


def _make_milestones() -> None:
    op.create_table(
        "engagement_milestones",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("engagement_id", sa.Uuid, sa.ForeignKey("engagements.id"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("deliverable", sa.String(200), nullable=False),
        sa.Column("metric", sa.String(200), nullable=False),
        sa.Column("share_bp", sa.Integer, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("delivered_at", TIME),
        sa.Column("decide_by_at", TIME),
        sa.Column("decided_at", TIME),
        sa.Column("reason", sa.Text),
        sa.Column("remedy_due_at", TIME),
        sa.Column("released_at", TIME),
        sa.CheckConstraint(
            "status IN ('planned', 'open', 'delivered', 'remedy', 'failed', 'accepted',"
            " 'released', 'void')",
            name="status",
        ),
        sa.CheckConstraint("amount_minor >= 0", name="amount"),
        sa.CheckConstraint("(status = 'released') = (released_at IS NOT NULL)", name="released"),
    )
    op.create_index(
        "uq_engagement_milestones_place",
        "engagement_milestones",
        ["engagement_id", "place"],
        unique=True,
    )
    op.create_table(
        "engagement_deliveries",
        sa.Column(
            "milestone_id", sa.Uuid, sa.ForeignKey("engagement_milestones.id"), primary_key=True
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("files", pg.JSONB, nullable=False),
        sa.Column("values", pg.JSONB, nullable=False),
        sa.Column("costs", pg.JSONB),
        sa.Column("delivered_at", TIME, nullable=False),
        sa.Column("report", pg.JSONB),
    )


def _open_deals() -> None:
    op.add_column("deals", sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id")))
    op.add_column("deals", sa.Column("engagement_id", sa.Uuid, sa.ForeignKey("engagements.id")))
    for column in ("released_minor", "returned_minor"):
        op.add_column("deals", sa.Column(column, sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE deals SET released_minor = paid_minor WHERE status = 'settled'")
    op.execute(
        "UPDATE deals SET returned_minor = paid_minor - deposit_minor WHERE status = 'defaulted'"
    )
    for column in ("released_minor", "returned_minor"):
        op.alter_column("deals", column, server_default=None)
    for column in ("listing_id", "registration_id"):
        op.alter_column("deals", column, nullable=True)
    op.create_index(
        "uq_deals_engagement_id",
        "deals",
        ["engagement_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'defaulted'"),
    )
    for name in ("price", "opened"):
        op.drop_constraint(op.f(f"ck_deals_{name}"), "deals")
    for name, rule in (
        ("price", PRICE),
        ("opened", OPENED),
        ("source", SOURCE),
        ("moved", MOVED),
    ):
        op.create_check_constraint(op.f(f"ck_deals_{name}"), "deals", rule)


def downgrade() -> None:
    """Remove them; no deal of a demand may be left."""
    for name in ("price", "opened", "source", "moved"):
        op.drop_constraint(op.f(f"ck_deals_{name}"), "deals")
    op.drop_index("uq_deals_engagement_id", "deals")
    for column in ("released_minor", "returned_minor", "engagement_id", "demand_id"):
        op.drop_column("deals", column)
    for column in ("listing_id", "registration_id"):
        op.alter_column("deals", column, nullable=False)
    op.create_check_constraint(op.f("ck_deals_price"), "deals", EARLIER_PRICE)
    op.create_check_constraint(op.f("ck_deals_opened"), "deals", EARLIER_OPENED)
    for table in ("engagement_deliveries", "engagement_milestones", "engagements"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE engagement_numbers")
