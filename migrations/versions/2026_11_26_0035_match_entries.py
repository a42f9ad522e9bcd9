"""Entries as they are matched, what may be shown of them now, and results."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0035_match_entries"
down_revision = "0034_demand_imports"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

# What may be matched at this moment. Its own statement, so that no copy can be late: an
# achievement on the shelf whose right was not sold away, a demand that takes proposals.
MATCHABLE = """
    CREATE VIEW matchable_entries AS
    SELECT a.id, 'achievement' AS kind, a.market_id, c.sandbox, a.party_id, a.version AS revision
    FROM achievements a JOIN market_clocks c ON c.market_id = a.market_id
    WHERE a.status = 'accepted' AND NOT EXISTS (
        SELECT FROM listings l
        WHERE l.achievement_id = a.id AND l.status = 'sold' AND l.conversion_mode = 'transfer'
    )
    UNION ALL
    SELECT d.id, 'demand', d.market_id, c.sandbox, d.party_id, d.version
    FROM demands d JOIN market_clocks c ON c.market_id = d.market_id
    WHERE d.status = 'posted' AND d.closes_at > clock_timestamp() + c.ahead
"""


def upgrade() -> None:
    op.create_table(
        "match_entries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("keywords", pg.ARRAY(sa.String(200)), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("laid_out", sa.Text, nullable=False),
        sa.Column("technology_field", sa.String(40)),
        sa.Column("readiness_scale", sa.String(40)),
        sa.Column("readiness_level", sa.SmallInteger),
        sa.Column("price_low_minor", sa.BigInteger),
        sa.Column("price_high_minor", sa.BigInteger),
        sa.Column("price_currency", sa.String(3)),
        sa.Column("region", sa.String(6)),
        sa.Column("modes", pg.ARRAY(sa.String(40)), nullable=False),
        sa.Column("ip_ownership", sa.String(40)),
        sa.Column("due_on", sa.Date),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("model", sa.String(100)),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("matched_with", sa.String(200)),
        sa.Column("made_at", TIME, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("knows_until", TIME),
        sa.CheckConstraint("kind IN ('achievement', 'demand')", name="kind"),
    )
    # A match reads hundreds of rows whole: none of their parts lies elsewhere or is packed.
    op.execute("ALTER TABLE match_entries SET (toast_tuple_target = 8160)")
    op.create_index("ix_match_entries_kind", "match_entries", ["kind", "id"])
    op.create_index(
        "ix_match_entries_unmatched",
        "match_entries",
        ["id"],
        postgresql_where=sa.text("matched_with IS NULL"),
    )
    op.create_index(
        "ix_match_entries_unread",
        "match_entries",
        ["id"],
        postgresql_where=sa.text("model IS NULL"),
    )
    op.create_table(
        "match_results",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("computed_at", TIME, nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("basis", pg.JSONB, nullable=False),
        sa.Column("matches", pg.JSONB, nullable=False),
        sa.CheckConstraint("kind IN ('achievement', 'demand')", name="kind"),
        sa.CheckConstraint("verdict IN ('strong', 'possible', 'none')", name="verdict"),
    )
    op.create_index("ix_match_results_entry_id", "match_results", ["entry_id", "id"])
    op.execute(MATCHABLE)


def downgrade() -> None:
    op.execute("DROP VIEW matchable_entries")
    op.drop_table("match_results")
    op.drop_table("match_entries")
