"""Bulk imports of demands."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0034_demand_imports"
down_revision = "0033_challenges"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "demand_imports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("file_id", sa.Uuid, sa.ForeignKey("files.id"), nullable=False),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("stored_count", sa.Integer, nullable=False),
        sa.Column("updated_count", sa.Integer, nullable=False),
        sa.Column("unchanged_count", sa.Integer, nullable=False),
        sa.Column("refused_count", sa.Integer, nullable=False),
        sa.Column("started_by", sa.String(60), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
    )
    op.create_index("ix_demand_imports_party_id", "demand_imports", ["party_id", "id"])
    op.create_table(
        "demand_import_results",
        sa.Column("import_id", sa.Uuid, sa.ForeignKey("demand_imports.id"), primary_key=True),
        sa.Column("row_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("external_number", sa.String(60), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("demand_id", sa.Uuid),
        sa.Column("faults", pg.JSONB, nullable=False),
        sa.Column("hints", pg.JSONB, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('stored', 'updated', 'unchanged', 'refused')", name="outcome"
        ),
    )
    op.create_table(
        "imported_demands",
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("external_number", sa.String(60), primary_key=True),
        sa.Column(
            "demand_id",
            sa.Uuid,
            sa.ForeignKey("demands.id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    for table in ("imported_demands", "demand_import_results", "demand_imports"):
        op.drop_table(table)
