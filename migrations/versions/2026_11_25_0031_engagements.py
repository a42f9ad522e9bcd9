"""Engagements with their milestones, and deals of demands."""

from typing import Final

revision: Final = "0031_engagements"
down_revision: Final = "0030_reviews"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
