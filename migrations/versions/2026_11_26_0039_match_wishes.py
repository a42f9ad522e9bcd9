"""What parties wish of the matches of their entries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0039_match_wishes"
down_revision = "0038_match_cases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "match_wishes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('achievement', 'demand')", name="kind"),
    )
    op.create_index("uq_match_wishes_entry_id", "match_wishes", ["entry_id"], unique=True)


def downgrade() -> None:
    op.drop_table("match_wishes")
