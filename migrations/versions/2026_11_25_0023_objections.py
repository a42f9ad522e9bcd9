"""Agreements: objection procedures, consents, proposed changes, objections; deals without deposit."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0023_objections"
down_revision = "0022_modes"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
KEPT = ("objection_procedures", "agreement_consents")


def _party(name: str = "party_id", **how: object) -> sa.Column:
    return sa.Column(name, sa.Uuid, sa.ForeignKey("parties.id"), **how)


def upgrade() -> None:
    op.create_table(
        "objection_procedures",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        _party(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("published_at", TIME, nullable=False),
    )
    op.create_index(
        "uq_objection_procedures_version",
        "objection_procedures",
        ["market_id", "party_id", "version"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "agreement_consents",
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), primary_key=True),
        sa.Column("terms_hash", sa.String(64), primary_key=True),
        _party(nullable=False),
        sa.Column("relation", sa.String(10), nullable=False),
        sa.Column("consented_by", sa.String(60), nullable=False),
        sa.Column("consented_at", TIME, nullable=False),
        sa.CheckConstraint("relation IN ('none', 'completer', 'related')", name="relation"),
    )
    op.create_table(
        "agreement_proposals",
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), primary_key=True),
        sa.Column("terms", pg.JSONB, nullable=False),
        sa.Column("terms_hash", sa.String(64), nullable=False),
        sa.Column("proposed_by", sa.String(60), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
    )
    _objections()
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # The buyer of an agreement may default without a deposit to lose.
    op.drop_constraint(op.f("ck_registrations_defaulted"), "registrations")
    _deposit("deposit_minor >= 0 AND deposit_minor <= paid_minor AND paid_minor <= price_minor")


def _objections() -> None:
    op.create_table(
        "objections",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), nullable=False),
        sa.Column("notice_id", sa.Uuid, sa.ForeignKey("listing_notices.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        _party(),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("ground", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("files", pg.ARRAY(sa.Uuid), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("filed_at", TIME, nullable=False),
        sa.Column("filed_by", sa.String(60), nullable=False),
        sa.Column("decide_by_at", TIME),
        sa.Column("decision", sa.Text),
        sa.Column("decided_at", TIME),
        sa.Column("decided_by", sa.String(60)),
        sa.CheckConstraint(
            "status IN ('open', 'upheld', 'rejected', 'withdrawn')", name="status"
        ),
        sa.CheckConstraint(
            "ground IN ('ownership', 'price', 'related_party', 'disclosure', 'procedure', 'other')",
            name="ground",
        ),
        sa.CheckConstraint(
            "(status IN ('upheld', 'rejected')) = (decision IS NOT NULL)", name="decision"
        ),
    )
    op.create_index("ix_objections_listing_id", "objections", ["listing_id", "id"])


def _deposit(rule: str) -> None:
    op.drop_constraint(op.f("ck_deals_paid"), "deals")
    op.create_check_constraint(op.f("ck_deals_paid"), "deals", rule)


def downgrade() -> None:
    _deposit("deposit_minor > 0 AND deposit_minor <= paid_minor AND paid_minor <= price_minor")
    op.create_check_constraint(
        op.f("ck_registrations_defaulted"),
        "registrations",
        "defaulted_deal_id IS NULL OR forfeited_at IS NOT NULL",
    )
    for table in ("objections", "agreement_proposals", "agreement_consents", "objection_procedures"):
        op.drop_table(table)
