"""Diagnosis, editions, questions and confidentiality of demands."""

from typing import Final

revision: Final = "0028_diagnosis"
down_revision: Final = "0027_demands_core"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Remove them."""
