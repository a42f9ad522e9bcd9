"""Tables of demands."""

from alembic import op
import sqlalchemy as sa

revision = "0006_demands"
down_revision = "0005_listings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
