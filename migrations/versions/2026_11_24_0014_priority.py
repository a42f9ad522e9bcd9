"""Holders of priority rights: tell a waiver from silence."""

import sqlalchemy as sa
from alembic import op

revision = "0014_priority"
down_revision = "0013_sealing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "priority_holders",
        sa.Column("silent", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.alter_column("priority_holders", "silent", server_default=None)


def downgrade() -> None:
    op.drop_column("priority_holders", "silent")
