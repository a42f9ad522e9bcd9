"""Bulk imports of demands."""

from typing import Final

revision: Final = "0034_demand_imports"
down_revision: Final = "0033_challenges"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
