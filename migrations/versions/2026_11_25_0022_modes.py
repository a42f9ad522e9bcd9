"""Listings in three pricing modes, each notice a document of its own."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0022_modes"
down_revision = "0021_valuations"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
OPEN = "uq_listings_achievement_open"
CHECKS = {
    "status": (
        "status IN ('draft', 'disclosing', 'suspended', 'closed', 'awarded', 'sold', 'failed',"
        " 'withdrawn', 'terminated')",
        "status IN ('draft', 'disclosing', 'closed', 'sold', 'failed')",
    ),
    "deposit": (
        "deposit_minor >= 0 AND deposit_minor <= floor_minor"
        " AND (deposit_minor > 0 OR pricing_mode = 'agreement')",
        "deposit_minor > 0 AND deposit_minor <= floor_minor",
    ),
    "published": (
        "status IN ('draft', 'withdrawn') OR (published_at IS NOT NULL"
        " AND disclosure_ends_at > published_at AND policy_id IS NOT NULL"
        " AND policy IS NOT NULL AND terms_hash IS NOT NULL AND terms_number IS NOT NULL)",
        "status = 'draft' OR (published_at IS NOT NULL AND disclosure_ends_at > published_at"
        " AND policy_id IS NOT NULL AND policy IS NOT NULL)",
    ),
    "buyer": ("(pricing_mode = 'agreement') = (buyer_id IS NOT NULL)", None),
    "extensions": ("extensions_done BETWEEN 0 AND extensions", None),
    "suspended": (
        "(status = 'suspended') = (suspended_at IS NOT NULL)"
        " AND (suspended_at IS NULL) = (suspended_until IS NULL)",
        None,
    ),
}
KINDS = (
    "offer", "change", "extension", "suspension", "resumption", "withdrawal", "termination",
    "objection_result",
)
STATUSES = (
    "published", "objected", "upheld", "suspended", "superseded", "closed", "withdrawn",
)
# Only the status of a notice moves.
KEEP = """
CREATE FUNCTION keep_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - 'status' IS DISTINCT FROM to_jsonb(NEW) - 'status' THEN
        RAISE EXCEPTION 'a published notice does not change';
    END IF;
    RETURN NEW;
END $$
"""


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def upgrade() -> None:
    _notices()
    for name, kind, earlier in (
        ("extensions", sa.Integer, "0"),
        ("reductions_minor", pg.ARRAY(sa.BigInteger), "{}"),
        ("joint_purchase", sa.Boolean, "false"),
        ("notice_count", sa.Integer, "0"),
        ("extensions_done", sa.Integer, "0"),
    ):
        op.add_column("listings", sa.Column(name, kind, nullable=False, server_default=earlier))
        op.alter_column("listings", name, server_default=None)
    for column in (
        sa.Column("buyer_id", sa.Uuid, sa.ForeignKey("parties.id")),
        sa.Column("room_id", sa.Uuid),
        sa.Column("unit_notice", pg.JSONB),
        sa.Column("approval", pg.JSONB),
        sa.Column("terms_number", sa.String(24)),
        sa.Column("terms_hash", sa.String(64)),
        sa.Column("suspended_at", TIME),
        sa.Column("suspended_until", TIME),
    ):
        op.add_column("listings", column)
    op.execute(
        "UPDATE listings SET notice_count = 1, terms_number = notice.number,"
        " terms_hash = notice.content_hash"
        " FROM listing_notices AS notice WHERE notice.listing_id = listings.id"
    )
    for name, (rule, earlier) in CHECKS.items():
        if earlier is not None:
            op.drop_constraint(op.f(f"ck_listings_{name}"), "listings")
        op.create_check_constraint(op.f(f"ck_listings_{name}"), "listings", rule)
    _open(
        "status IN ('disclosing', 'suspended', 'closed', 'awarded') AND reopened_at IS NULL"
    )


def _open(where: str) -> None:
    op.drop_index(OPEN, "listings")
    op.create_index(
        OPEN, "listings", ["achievement_id"], unique=True, postgresql_where=sa.text(where)
    )


def _notices() -> None:
    table = "listing_notices"
    op.execute("DROP TRIGGER listing_notices_append_only ON listing_notices")
    for name, kind, earlier in (
        ("id", sa.Uuid, sa.text("gen_random_uuid()")),
        ("seq", sa.Integer, "1"),
        ("kind", sa.String(20), "offer"),
        ("status", sa.String(12), "published"),
    ):
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=earlier))
        op.alter_column(table, name, server_default=None)
    op.add_column(table, sa.Column("closes_at", TIME))
    op.execute(
        "UPDATE listing_notices SET closes_at = listing.disclosure_ends_at, status ="
        " CASE WHEN listing.status = 'disclosing' THEN 'published' ELSE 'closed' END"
        " FROM listings AS listing WHERE listing.id = listing_id"
    )
    op.drop_constraint("pk_listing_notices", table)
    op.create_primary_key("pk_listing_notices", table, ["id"])
    op.create_index("uq_listing_notices_listing_seq", table, ["listing_id", "seq"], unique=True)
    op.create_index("uq_listing_notices_number", table, ["number"], unique=True)
    op.create_check_constraint(
        op.f("ck_listing_notices_kind"), table, f"kind IN ({_quoted(KINDS)})"
    )
    op.create_check_constraint(
        op.f("ck_listing_notices_status"), table, f"status IN ({_quoted(STATUSES)})"
    )
    op.execute(KEEP)
    op.execute(
        "CREATE TRIGGER listing_notices_keep BEFORE UPDATE ON listing_notices"
        " FOR EACH ROW EXECUTE FUNCTION keep_notice()"
    )
    op.execute(
        "CREATE TRIGGER listing_notices_append_only BEFORE DELETE OR TRUNCATE ON listing_notices"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    # Rows that the earlier tables do not know make this fail, which loses nothing.
    for trigger in ("listing_notices_keep", "listing_notices_append_only"):
        op.execute(f"DROP TRIGGER {trigger} ON listing_notices")
    op.execute("DROP FUNCTION keep_notice()")
    for name in ("kind", "status"):
        op.drop_constraint(op.f(f"ck_listing_notices_{name}"), "listing_notices")
    op.drop_constraint("pk_listing_notices", "listing_notices")
    for name in ("id", "seq", "kind", "status", "closes_at"):
        op.drop_column("listing_notices", name)
    op.drop_index("uq_listing_notices_number", "listing_notices")
    op.create_primary_key("pk_listing_notices", "listing_notices", ["listing_id"])
    op.execute(
        "CREATE TRIGGER listing_notices_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON listing_notices"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    _open("status IN ('disclosing', 'closed') AND reopened_at IS NULL")
    for name, (_, earlier) in CHECKS.items():
        op.drop_constraint(op.f(f"ck_listings_{name}"), "listings")
        if earlier is not None:
            op.create_check_constraint(op.f(f"ck_listings_{name}"), "listings", earlier)
    for name in (
        "extensions", "reductions_minor", "joint_purchase", "notice_count", "extensions_done",
        "buyer_id", "room_id", "unit_notice", "approval", "terms_number", "terms_hash",
        "suspended_at", "suspended_until",
    ):
        op.drop_column("listings", name)
