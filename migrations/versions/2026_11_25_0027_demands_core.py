"""The whole demand: drafts, versions of the content, postings, notices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0027_demands_core"
down_revision = "0026_dossiers"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATUSES = (
    "draft", "submitted", "diagnosing", "returned", "reviewed", "refused", "merged", "split",
    "posted", "closed", "evaluating", "noticed", "contracted", "accepted", "terminated",
    "unanswered", "withdrawn",
)
KINDS = (
    "posting", "change", "answers", "closing", "result", "objection_result", "award",
    "withdrawal", "termination",
)
CHECKS = (
    ("status", f"status IN ({', '.join(repr(status) for status in STATUSES)})"),
    ("acceptance", "acceptance IN ('poster', 'third_party')"),
    (
        "reason",
        "status NOT IN ('returned', 'refused', 'unanswered', 'terminated')"
        " OR reason IS NOT NULL",
    ),
    ("sent", "status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL"),
    (
        "posted",
        "status NOT IN ('posted', 'closed', 'evaluating', 'noticed', 'contracted', 'accepted',"
        " 'terminated', 'unanswered') OR (round > 0 AND num_nonnulls(terms, terms_hash,"
        " posted_at, closes_at) = 4 AND closes_at > posted_at)",
    ),
    ("merged", "(status = 'merged') = (merged_into IS NOT NULL)"),
)
ADDED = (
    sa.Column("number", sa.String(24)),
    sa.Column("restricted_text", sa.Text),
    sa.Column("poster_risk_bp", sa.Integer),
    sa.Column("third_party", sa.String(200)),
    sa.Column("created_at", TIME),
    sa.Column("due_at", TIME),
    sa.Column("edition_id", sa.Uuid),
    sa.Column("terms", pg.JSONB),
    sa.Column("terms_hash", sa.String(64)),
    sa.Column("posted_at", TIME),
    sa.Column("closes_at", TIME),
    sa.Column("auction_id", sa.Uuid),
    sa.Column("bidding", pg.JSONB),
    sa.Column("merged_into", sa.Uuid),
    sa.Column("split_from", sa.Uuid),
    sa.Column("ended_at", TIME),
)
FILLED = (
    ("version", sa.Integer, "1"),
    ("acceptance", sa.String(12), "poster"),
    ("lump_sum", sa.Boolean, "false"),
    ("round", sa.Integer, "0"),
    ("notice_count", sa.Integer, "0"),
)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE demand_numbers")
    for column in ADDED:
        op.add_column("demands", column)
    for name, kind, earlier in FILLED:
        op.add_column("demands", sa.Column(name, kind, nullable=False, server_default=earlier))
        op.alter_column("demands", name, server_default=None)
    for name in ("status", "refusal"):
        op.drop_constraint(op.f(f"ck_demands_{name}"), "demands")
    op.alter_column("demands", "status", type_=sa.String(12))
    op.alter_column("demands", "refusal_reason", new_column_name="reason")
    op.alter_column("demands", "submitted_at", nullable=True)
    # What was posted before had no terms: it waits to be posted with them. What was restricted
    # was so as a whole, and stays with its poster until it is mended.
    op.execute(
        "UPDATE demands SET created_at = submitted_at,"
        " number = 'ZP-N-' || extract(year FROM submitted_at)::int || '-'"
        " || lpad(nextval('demand_numbers')::text, 6, '0'),"
        " poster_risk_bp = CASE failure_risk_rule WHEN 'shared_by_ratio' THEN 5000 END,"
        " reason = CASE WHEN status <> 'refused' AND confidentiality = 'restricted'"
        " THEN '请补充限制公开部分' ELSE reason END,"
        " restricted_text = CASE confidentiality WHEN 'restricted' THEN background END,"
        " status = CASE WHEN status = 'refused' THEN status"
        " WHEN confidentiality = 'restricted' THEN 'returned'"
        " WHEN status = 'posted' THEN 'reviewed' ELSE status END"
    )
    for name in ("number", "created_at"):
        op.alter_column("demands", name, nullable=False)
    for name, rule in CHECKS:
        op.create_check_constraint(op.f(f"ck_demands_{name}"), "demands", rule)
    for name in ("merged_into", "split_from"):
        op.create_foreign_key(op.f(f"fk_demands_{name}_demands"), "demands", "demands", [name], ["id"])
    op.create_index("uq_demands_number", "demands", ["number"], unique=True)
    op.create_table(
        "demand_versions",
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("edited_at", TIME, nullable=False),
        sa.Column("edited_by", sa.String(60), nullable=False),
    )
    op.create_table(
        "demand_notices",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("demand_id", sa.Uuid, sa.ForeignKey("demands.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.Column("closes_at", TIME),
        sa.CheckConstraint(
            f"kind IN ({', '.join(repr(kind) for kind in KINDS)})", name="kind"
        ),
    )
    op.create_index("uq_demand_notices_seq", "demand_notices", ["demand_id", "seq"], unique=True)
    op.create_index("uq_demand_notices_number", "demand_notices", ["number"], unique=True)
    for table in ("demand_versions", "demand_notices"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    # Rows in states that the earlier table does not know make this fail, which loses nothing.
    for table in ("demand_notices", "demand_versions"):
        op.drop_table(table)
    op.drop_index("uq_demands_number", "demands")
    for name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_demands_{name}"), "demands")
    op.alter_column("demands", "reason", new_column_name="refusal_reason")
    op.alter_column("demands", "submitted_at", nullable=False)
    for name, *_ in FILLED:
        op.drop_column("demands", name)
    for column in ADDED:
        op.drop_column("demands", column.name)
    op.execute("DROP SEQUENCE demand_numbers")
    op.alter_column("demands", "status", type_=sa.String(10))
    for name, rule in (
        ("status", "status IN ('submitted', 'posted', 'refused')"),
        ("refusal", "status <> 'refused' OR refusal_reason IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_demands_{name}"), "demands", rule)
