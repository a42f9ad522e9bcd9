"""Tables of ledger."""

from alembic import op
import sqlalchemy as sa

revision = "0004_ledger"
down_revision = "0003_markets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
