"""Who stands behind a party, which related buyers a notice admits, what a buyer declared."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0015_fairness"
down_revision = "0014_priority"
branch_labels = None
depends_on = None

# Table, column, its type, and what holds for the rows that are there.
NEW = (
    ("parties", "beneficial_owners", pg.ARRAY(sa.String(200)), "{}"),
    ("listings", "related_buyers", pg.ARRAY(sa.String(10)), "{}"),
    ("registrations", "relation", sa.String(10), "none"),
)


def upgrade() -> None:
    for table, name, kind, earlier in NEW:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=earlier))
        op.alter_column(table, name, server_default=None)
    op.create_check_constraint(
        op.f("ck_registrations_relation"),
        "registrations",
        "relation IN ('none', 'completer', 'related')",
    )


def downgrade() -> None:
    for table, name, *_ in reversed(NEW):
        op.drop_column(table, name)
