"""Achievements as drafts, with versions, deadlines, a public summary and a secrecy review."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0016_collection"
down_revision = "0015_fairness"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATUSES = (
    "draft", "submitted", "selecting", "returned", "accepted", "stale", "refused", "withdrawn",
)


def upgrade() -> None:
    table = "achievements"
    for name, kind, earlier in (
        ("secrecy", sa.String(12), "not_reviewed"),
        ("attachments", pg.ARRAY(sa.Uuid), "{}"),
        ("version", sa.Integer, "1"),
    ):
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=earlier))
        op.alter_column(table, name, server_default=None)
    for column in (
        sa.Column("public_summary", sa.Text),
        sa.Column("funding_project", sa.String(200)),
        sa.Column("price_basis", sa.Text),
        sa.Column("collected_at", TIME),
        sa.Column("due_at", TIME),
    ):
        op.add_column(table, column)
    op.execute("UPDATE achievements SET collected_at = submitted_at")
    op.alter_column(table, "collected_at", nullable=False)
    op.alter_column(table, "submitted_at", nullable=True)
    op.alter_column(table, "refusal_reason", new_column_name="reason")
    for name in ("status", "refusal"):
        op.drop_constraint(op.f(f"ck_achievements_{name}"), table)
    statuses = ", ".join(f"'{status}'" for status in STATUSES)
    for name, rule in (
        ("status", f"status IN ({statuses})"),
        ("secrecy", "secrecy IN ('not_reviewed', 'cleared', 'state_secret')"),
        ("reason", "status NOT IN ('returned', 'refused') OR reason IS NOT NULL"),
        ("submitted", "status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_achievements_{name}"), table, rule)


def downgrade() -> None:
    # Rows in states that the earlier table does not know make this fail, which loses nothing.
    for name in ("status", "secrecy", "reason", "submitted"):
        op.drop_constraint(op.f(f"ck_achievements_{name}"), "achievements")
    op.alter_column("achievements", "reason", new_column_name="refusal_reason")
    op.alter_column("achievements", "submitted_at", nullable=False)
    for name in (
        "secrecy", "attachments", "version", "public_summary", "funding_project", "price_basis",
        "collected_at", "due_at",
    ):
        op.drop_column("achievements", name)
    for name, rule in (
        ("status", "status IN ('submitted', 'accepted', 'refused')"),
        ("refusal", "status <> 'refused' OR refusal_reason IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_achievements_{name}"), "achievements", rule)
