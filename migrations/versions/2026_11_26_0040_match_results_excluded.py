"""What hard conditions kept out of a match."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0040_match_results_excluded"
down_revision = "0039_match_wishes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    nothing = sa.text("'{}'::jsonb")
    op.add_column(
        "match_results", sa.Column("excluded", pg.JSONB, nullable=False, server_default=nothing)
    )
    op.alter_column("match_results", "excluded", server_default=None)


def downgrade() -> None:
    op.drop_column("match_results", "excluded")
