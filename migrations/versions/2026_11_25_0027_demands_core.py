"""The whole demand: versions, notices, postings."""

from typing import Final

revision: Final = "0027_demands_core"
down_revision: Final = "0026_dossiers"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
