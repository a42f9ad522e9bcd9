"""Reverse auctions of demands."""

from typing import Final

revision: Final = "0032_demand_auctions"
down_revision: Final = "0031_engagements"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
