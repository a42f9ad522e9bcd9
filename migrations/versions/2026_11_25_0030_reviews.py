"""Reviews of proposals, results and objections."""

from typing import Final

revision: Final = "0030_reviews"
down_revision: Final = "0029_proposals"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
