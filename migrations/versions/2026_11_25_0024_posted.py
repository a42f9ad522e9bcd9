"""Posted listings: registrations that lapse or are withdrawn, the field, priority rights."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0024_posted"
down_revision = "0023_objections"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLE = "registrations"
RULES = {
    "status": "status IN ('applied', 'qualified', 'refused', 'deposited', 'lapsed', 'withdrawn')",
    "deposit": (
        "num_nonnulls(bidder_code, bank_reference, received_at, deposit_entry_id) ="
        " CASE WHEN status = 'deposited' THEN 4"
        " WHEN status IN ('lapsed', 'withdrawn') AND bidder_code IS NOT NULL THEN 4"
        " ELSE 0 END"
    ),
    "forfeited": "forfeited_at IS NULL OR status IN ('deposited', 'withdrawn')",
}
EARLIER = {
    "status": "status IN ('applied', 'qualified', 'refused', 'deposited')",
    "deposit": (
        "(status = 'deposited') = (bidder_code IS NOT NULL AND bank_reference IS NOT NULL"
        " AND received_at IS NOT NULL AND deposit_entry_id IS NOT NULL)"
    ),
    "forfeited": "forfeited_at IS NULL OR status = 'deposited'",
}


def _constrain(rules: dict[str, str]) -> None:
    for name, rule in rules.items():
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE)
        op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, rule)


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("accepted_at", TIME))
    op.execute(f"UPDATE {TABLE} SET accepted_at = registered_at")
    op.alter_column(TABLE, "accepted_at", nullable=False)
    op.add_column(TABLE, sa.Column("deposit_due_at", TIME))
    members = sa.Column("members", pg.ARRAY(sa.Uuid), nullable=False, server_default="{}")
    op.add_column(TABLE, members)
    op.alter_column(TABLE, "members", server_default=None)
    _constrain(RULES)
    op.create_table(
        "posted_fields",
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), primary_key=True),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("judged_at", TIME, nullable=False),
        sa.Column("registration_id", sa.Uuid, sa.ForeignKey("registrations.id")),
        sa.Column("offer_due_at", TIME),
        sa.Column("price_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("offered_at", TIME),
        sa.Column("offered_by", sa.String(60)),
        sa.Column("exercise_due_at", TIME),
        sa.CheckConstraint(
            "outcome IN ('single', 'contest')", name=op.f("ck_posted_fields_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'single') = (registration_id IS NOT NULL AND offer_due_at IS NOT NULL)",
            name=op.f("ck_posted_fields_single"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(price_minor, currency, offered_at, offered_by) IN (0, 4)"
            " AND (price_minor IS NULL OR outcome = 'single')",
            name=op.f("ck_posted_fields_offer"),
        ),
    )
    op.create_table(
        "listing_right_holders",
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), primary_key=True),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("basis", sa.String(12), nullable=False),
        sa.Column("notified_at", TIME, nullable=False),
        sa.Column("decision", sa.String(10)),
        sa.Column("decided_at", TIME),
        sa.Column("registration_id", sa.Uuid, sa.ForeignKey("registrations.id")),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_listing_right_holders_rank")),
        sa.CheckConstraint(
            "basis IN ('completer', 'client', 'co_developer')",
            name=op.f("ck_listing_right_holders_basis"),
        ),
        sa.CheckConstraint(
            "decision IN ('waived', 'exercised', 'silent')",
            name=op.f("ck_listing_right_holders_decision"),
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)"
            " AND (decision IS NOT DISTINCT FROM 'exercised') = (registration_id IS NOT NULL)",
            name=op.f("ck_listing_right_holders_decided"),
        ),
    )
    op.create_table(
        "listing_rights_statements",
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), primary_key=True),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("file_id", sa.Uuid),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.String(60), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("listing_rights_statements")
    op.drop_table("listing_right_holders")
    op.drop_table("posted_fields")
    # Rows in states that the earlier table does not know make this fail, which loses nothing.
    _constrain(EARLIER)
    op.drop_column(TABLE, "members")
    op.drop_column(TABLE, "deposit_due_at")
    op.drop_column(TABLE, "accepted_at")
