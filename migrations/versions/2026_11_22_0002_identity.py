"""Tables of identity."""

from alembic import op
import sqlalchemy as sa

revision = "0002_identity"
down_revision = "0001_platform"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
