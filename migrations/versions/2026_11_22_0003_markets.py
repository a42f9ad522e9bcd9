"""Tables of markets."""

from alembic import op
import sqlalchemy as sa

revision = "0003_markets"
down_revision = "0002_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
