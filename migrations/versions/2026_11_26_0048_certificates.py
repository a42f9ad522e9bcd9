"""Certificates."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0048_certificates"
down_revision = "0047_income_sharing"
branch_labels = None
depends_on = None

# What was signed never changes, and a revocation is written once.
_GUARD = """
CREATE FUNCTION check_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL
       OR (NEW.number, NEW.deal_id, NEW.market_id, NEW.kind, NEW.issued_at, NEW.facts, NEW.public,
           NEW.kid)
          IS DISTINCT FROM
          (OLD.number, OLD.deal_id, OLD.market_id, OLD.kind, OLD.issued_at, OLD.facts, OLD.public,
           OLD.kid)
    THEN
        RAISE EXCEPTION 'certificate % is not changed any more', OLD.number;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE certificate_numbers")
    op.create_table(
        "certificates",
        sa.Column("number", sa.String(24), primary_key=True),
        sa.Column("deal_id", sa.Uuid, sa.ForeignKey("deals.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", pg.JSONB, nullable=False),
        sa.Column("public", pg.JSONB, nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revocation_ground", sa.String(20)),
        sa.Column("revocation_reason", sa.String(2000)),
        sa.CheckConstraint(
            "kind IN ('transaction', 'notice_witness')", name=op.f("ck_certificates_kind")
        ),
        sa.CheckConstraint(
            "revocation_ground IN ('deal_annulled', 'buyer_defaulted', 'error')",
            name=op.f("ck_certificates_revocation_ground"),
        ),
        sa.CheckConstraint(
            "num_nulls(revoked_at, revocation_ground, revocation_reason) IN (0, 3)",
            name=op.f("ck_certificates_revocation"),
        ),
    )
    op.create_index(
        "uq_certificates_deal_id",
        "certificates",
        ["deal_id", "kind"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_index("ix_certificates_deal_id", "certificates", ["deal_id", "number"])
    op.create_index(
        "ix_certificates_revoked",
        "certificates",
        ["market_id", "number"],
        postgresql_where=sa.text("revoked_at IS NOT NULL"),
    )
    op.execute(_GUARD)
    op.execute(
        "CREATE TRIGGER certificates_revoke_only BEFORE UPDATE ON certificates"
        " FOR EACH ROW EXECUTE FUNCTION check_certificate()"
    )
    op.execute(
        "CREATE TRIGGER certificates_kept BEFORE DELETE OR TRUNCATE ON certificates"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("certificates")
    op.execute("DROP FUNCTION check_certificate()")
    op.execute("DROP SEQUENCE certificate_numbers")
