"""Search, saved searches and notifications."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0019_search"
down_revision = "0018_imports"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

# What leaves the shelf, or gets another content, is gone from the search in the same transaction.
LEAVE = """
CREATE FUNCTION achievement_leaves_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM achievement_search WHERE achievement_id = OLD.id;
    RETURN NULL;
END
$$
"""
ON_LEAVING = """
CREATE TRIGGER achievements_leave_search AFTER UPDATE OF status, version ON achievements
FOR EACH ROW WHEN (
    OLD.status = 'accepted' AND (NEW.status <> 'accepted' OR NEW.version <> OLD.version)
) EXECUTE FUNCTION achievement_leaves_search()
"""


def upgrade() -> None:
    op.create_table(
        "achievement_search",
        sa.Column("achievement_id", sa.Uuid, sa.ForeignKey("achievements.id"), primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("technology_field", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("ip_kind", sa.String(40), nullable=False),
        sa.Column("conversion_modes", pg.ARRAY(sa.String(40)), nullable=False),
        sa.Column("region", sa.String(6)),
        sa.Column("readiness_scale", sa.String(40), nullable=False),
        sa.Column("readiness_level", sa.Integer, nullable=False),
        sa.Column("readiness_bp", sa.Integer, nullable=False),
        sa.Column("price_minor", sa.BigInteger),
        sa.Column("price_currency", sa.String(3)),
        sa.Column("shelved_at", TIME, nullable=False),
        sa.Column("owner_name", sa.String(200), nullable=False),
        sa.Column("words", pg.TSVECTOR, nullable=False),
    )
    op.create_index(
        "ix_achievement_search_newest", "achievement_search", ["shelved_at", "achievement_id"]
    )
    op.create_table(
        "listing_search",
        sa.Column("listing_id", sa.Uuid, sa.ForeignKey("listings.id"), primary_key=True),
        sa.Column("technology_field", sa.String(40), nullable=False),
        sa.Column("keywords", pg.ARRAY(sa.String(200)), nullable=False),
        sa.Column("told_abstract", sa.Text, nullable=False),
        sa.Column("owner_name", sa.String(200), nullable=False),
        sa.Column("words", pg.TSVECTOR, nullable=False),
    )
    for table in ("achievement_search", "listing_search"):
        op.create_index(
            f"ix_{table}_words",
            table,
            ["words"],
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )
        # Rows stay narrow: facets read many of them, and words only where the index cannot tell.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN words SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = 256)")
    op.execute("ALTER TABLE achievement_search ALTER COLUMN words SET STATISTICS 1000")
    op.execute(LEAVE)
    op.execute(ON_LEAVING)
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("target", sa.String(20), nullable=False),
        sa.Column("q", sa.String(200), nullable=False),
        sa.Column("filters", pg.JSONB, nullable=False),
        sa.Column("anchor", sa.String(40)),
        sa.Column("technology_fields", pg.ARRAY(sa.String(40)), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(60), nullable=False),
        sa.CheckConstraint("target IN ('achievements', 'listings')", name="target"),
    )
    op.create_index("ix_saved_searches_party_id", "saved_searches", ["party_id", "id"])
    op.create_index(
        "ix_saved_searches_anchor", "saved_searches", ["market_id", "target", "anchor"]
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("text_zh", sa.Text, nullable=False),
        sa.Column("text_en", sa.Text, nullable=False),
        sa.Column("data", pg.JSONB, nullable=False),
        sa.Column("dedupe_key", sa.String(200), nullable=False),
        sa.Column("market_at", TIME, nullable=False),
        sa.Column("read_at", TIME),
    )
    op.create_index(
        "uq_notifications_dedupe_key", "notifications", ["party_id", "dedupe_key"], unique=True
    )
    op.create_index("ix_notifications_party_id", "notifications", ["party_id", "id"])
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["party_id", "id"],
        postgresql_where=sa.text("read_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("notifications")
    op.drop_table("saved_searches")
    op.execute("DROP TRIGGER achievements_leave_search ON achievements")
    op.execute("DROP FUNCTION achievement_leaves_search()")
    op.drop_table("listing_search")
    op.drop_table("achievement_search")
