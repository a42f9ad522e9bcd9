"""Tables of settlement."""

from alembic import op
import sqlalchemy as sa

revision = "0007_settlement"
down_revision = "0006_demands"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
