"""Challenge events and the statistics of the board."""

from typing import Final

revision: Final = "0033_challenges"
down_revision: Final = "0032_demand_auctions"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
