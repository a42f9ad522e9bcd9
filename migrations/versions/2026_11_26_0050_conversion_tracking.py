"""Conversion tracking after the deal."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0050_conversion_tracking"
down_revision = "0049_registration_filings"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATUSES = ("planned", "running", "paused", "converted", "failed", "ended")
TRIGGERS = ("progress", "pause", "convert", "fail", "end")
REASONS = ("technology", "market", "funding", "capacity", "approval", "partner", "other")


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} IN ({', '.join(repr(value) for value in values)})", name=column
    )


def deal_id() -> sa.Column[object]:
    return sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "conversions",
        deal_id(),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("milestones", pg.JSONB, nullable=False),
        sa.Column("every_months", sa.Integer, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date, nullable=False),
        sa.Column("reports", sa.Integer, nullable=False),
        sa.Column("last_report_at", TIME),
        sa.Column("converted_on", sa.Date),
        sa.Column("failure_reason", sa.String(10)),
        one_of("status", STATUSES),
        one_of("failure_reason", REASONS),
        sa.CheckConstraint("every_months BETWEEN 1 AND 12", name="every_months"),
        sa.CheckConstraint("until_on > opened_on", name="period"),
    )
    op.create_table(
        "conversion_reports",
        deal_id(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("says", sa.String(10), nullable=False),
        sa.Column("reported_on", sa.Date, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("milestone", sa.Integer),
        sa.Column("failure_reason", sa.String(10)),
        sa.Column("evidence", pg.ARRAY(sa.Uuid), nullable=False),
        sa.Column("at", TIME, nullable=False),
        one_of("says", TRIGGERS),
        one_of("failure_reason", REASONS),
        sa.CheckConstraint("(says = 'fail') = (failure_reason IS NOT NULL)", name="failure"),
    )
    op.execute(
        "CREATE TRIGGER conversion_reports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON conversion_reports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    make_outcomes()


def make_outcomes() -> None:
    op.create_table(
        "conversion_outcomes",
        deal_id(),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        *(
            sa.Column(f"{name}_minor", sa.BigInteger)
            for name in ("output", "sales", "profit", "tax", "exports")
        ),
        sa.Column("jobs", sa.Integer),
        sa.Column("note", sa.Text),
        sa.Column("stated_at", TIME, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("answered_at", TIME),
        sa.Column("dispute", sa.Text),
        one_of("status", ("stated", "confirmed", "disputed")),
        sa.CheckConstraint(
            "(status = 'stated') = (answered_at IS NULL)"
            " AND (status = 'disputed') = (dispute IS NOT NULL)",
            name="answered",
        ),
        sa.CheckConstraint(
            "num_nonnulls(output_minor, sales_minor, profit_minor, tax_minor, exports_minor, jobs)"
            " > 0",
            name="figures",
        ),
    )
    op.create_index("ix_conversion_outcomes_year", "conversion_outcomes", ["year", "deal_id"])


def downgrade() -> None:
    for table in ("conversion_outcomes", "conversion_reports", "conversions"):
        op.drop_table(table)
