"""Tables of listings."""

from alembic import op
import sqlalchemy as sa

revision = "0005_listings"
down_revision = "0004_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
