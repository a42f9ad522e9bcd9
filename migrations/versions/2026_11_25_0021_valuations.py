"""Valuations and comparable deals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0021_valuations"
down_revision = "0020_evaluations"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


FREEZE = """
CREATE FUNCTION refuse_signed_valuation_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' AND (
        NEW.status = 'draft' OR NEW.version <> OLD.version OR NEW.subject <> OLD.subject
        OR NEW.document <> OLD.document OR NEW.results <> OLD.results
        OR NEW.purpose <> OLD.purpose OR NEW.signed_at <> OLD.signed_at
    ) THEN
        RAISE EXCEPTION 'a signed valuation does not change';
    END IF;
    RETURN NEW;
END $$
"""


def _valuations() -> None:
    op.create_table(
        "valuations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("achievement_id", sa.Uuid, nullable=False),
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("author_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("author", sa.String(60), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("subject", pg.JSONB, nullable=False),
        sa.Column("document", pg.JSONB),
        sa.Column("results", pg.JSONB),
        sa.Column("drafted_at", TIME, nullable=False),
        sa.Column("signed_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint(
            "status IN ('draft', 'signed', 'superseded', 'revoked')", name="status"
        ),
        sa.CheckConstraint("status <> 'revoked' OR reason IS NOT NULL", name="reason"),
        sa.CheckConstraint("(document IS NULL) = (results IS NULL)", name="computed"),
        sa.CheckConstraint("(status = 'draft') = (signed_at IS NULL)", name="signed"),
        sa.CheckConstraint("status = 'draft' OR document IS NOT NULL", name="whole"),
    )
    for column in ("achievement_id", "market_id", "owner_id", "author_id"):
        op.create_index(f"ix_valuations_{column}", "valuations", [column, "id"])
    op.create_table(
        "signed_valuations",
        sa.Column("valuation_id", sa.Uuid, sa.ForeignKey("valuations.id"), primary_key=True),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
        sa.Column("signed_at", TIME, nullable=False),
    )


def _comparables() -> None:
    op.create_table(
        "sale_records",
        sa.Column("listing_id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("terms_version", sa.BigInteger, nullable=False),
        sa.Column("terms", pg.JSONB),
        sa.Column("deals", pg.JSONB, nullable=False),
    )
    op.create_table(
        "comparables",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("listing_id", sa.Uuid),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("technology_field", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(40)),
        sa.Column("ip_kind", sa.String(40)),
        sa.Column("readiness", pg.JSONB),
        sa.Column("conversion_mode", sa.String(40)),
        sa.Column("pricing_mode", sa.String(20)),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("start_minor", sa.BigInteger),
        sa.Column("floor_minor", sa.BigInteger),
        sa.Column("contested", sa.Boolean),
        sa.Column("dealt_on", sa.Date, nullable=False),
        sa.Column("cited", sa.Text),
        sa.Column("note", sa.Text),
        sa.CheckConstraint("source IN ('exchange', 'given')", name="source"),
        sa.CheckConstraint("(source = 'exchange') = (listing_id IS NOT NULL)", name="listing"),
        sa.CheckConstraint("source = 'exchange' OR cited IS NOT NULL", name="cited"),
        sa.CheckConstraint("price_minor > 0", name="price"),
    )
    op.create_index("uq_comparables_listing_id", "comparables", ["listing_id"], unique=True)
    op.create_index("ix_comparables_page", "comparables", ["market_id", "dealt_on", "id"])
    op.create_index(
        "ix_comparables_field",
        "comparables",
        ["market_id", "technology_field", "dealt_on", "id"],
    )


def upgrade() -> None:
    _valuations()
    _comparables()
    op.execute(FREEZE)
    op.execute(
        "CREATE TRIGGER valuations_frozen BEFORE UPDATE ON valuations"
        " FOR EACH ROW EXECUTE FUNCTION refuse_signed_valuation_change()"
    )
    op.execute(
        "CREATE TRIGGER valuations_kept BEFORE DELETE OR TRUNCATE ON valuations"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER signed_valuations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON signed_valuations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    for table in ("comparables", "sale_records", "signed_valuations", "valuations"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_signed_valuation_change()")
