"""Tables of auctions."""

from alembic import op
import sqlalchemy as sa

revision = "0008_auctions"
down_revision = "0007_settlement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
