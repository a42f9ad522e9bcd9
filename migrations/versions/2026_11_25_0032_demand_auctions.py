"""Reverse auctions of demands."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0032_demand_auctions"
down_revision: Final = "0031_engagements"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Let an auction belong to a demand in the place of a listing."""
    op.alter_column("auctions", "listing_id", nullable=True)
    op.add_column("auctions", sa.Column("demand_id", sa.Uuid))
    op.add_column("auctions", sa.Column("demand_round", sa.Integer))
    op.add_column("auctions", sa.Column("demand_call", sa.BigInteger))
    op.create_foreign_key("fk_auctions_demand_id", "auctions", "demands", ["demand_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_auctions_listing_or_demand"),
        "auctions",
        "num_nonnulls(listing_id, demand_id) = 1"
        " AND num_nonnulls(demand_id, demand_round, demand_call) IN (0, 3)",
    )
    # One call of a demand makes one auction, however often the call is heard.
    op.create_unique_constraint("uq_auctions_demand_id_demand_call", "auctions", ["demand_id", "demand_call"])


def downgrade() -> None:
    """Let every auction belong to a listing again."""
    op.drop_constraint("uq_auctions_demand_id_demand_call", "auctions", type_="unique")
    op.drop_constraint(op.f("ck_auctions_listing_or_demand"), "auctions", type_="check")
    op.drop_constraint("fk_auctions_demand_id", "auctions", type_="foreignkey")
    op.drop_column("auctions", "demand_call")
    op.drop_column("auctions", "demand_round")
    op.drop_column("auctions", "demand_id")
    op.alter_column("auctions", "listing_id", nullable=False)
