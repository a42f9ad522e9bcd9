"""Proposals to demands, sealed until their deadline."""

from typing import Final

revision: Final = "0029_proposals"
down_revision: Final = "0028_diagnosis"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
