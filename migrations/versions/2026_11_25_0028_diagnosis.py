"""Diagnosis, editions, questions and confidentiality of demands."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0028_diagnosis"
down_revision = "0027_demands_core"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _ref(name: str, table: str, **how: object) -> sa.Column:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(f"{table}.id"), **{"nullable": False} | how)


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def upgrade() -> None:
    _editions()
    _opinions()
    _reshapings()
    _questions()
    _confidences()


def _editions() -> None:
    op.execute("CREATE SEQUENCE demand_edition_numbers")
    op.create_table(
        "demand_editions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(24), nullable=False),
        _ref("market_id", "markets"),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("region_code", sa.String(6), nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("published_at", TIME),
        sa.Column("content", pg.JSONB),
        sa.Column("content_hash", sa.String(64)),
        _one_of("status", "open", "published"),
        sa.CheckConstraint("ends_on >= starts_on", name="period"),
        sa.CheckConstraint(
            "num_nonnulls(published_at, content, content_hash)"
            " = CASE status WHEN 'published' THEN 3 ELSE 0 END",
            name="published",
        ),
    )
    op.create_index("uq_demand_editions_number", "demand_editions", ["number"], unique=True)
    op.create_index("ix_demand_editions_market_id", "demand_editions", ["market_id", "id"])
    op.create_foreign_key(
        op.f("fk_demands_edition_id_demand_editions"),
        "demands",
        "demand_editions",
        ["edition_id"],
        ["id"],
    )
    op.create_index(
        "ix_demands_edition_id",
        "demands",
        ["edition_id"],
        postgresql_where=sa.text("edition_id IS NOT NULL"),
    )
    op.create_index(
        "ix_demands_merged_into",
        "demands",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )


def _opinions() -> None:
    op.create_table(
        "diagnosis_opinions",
        sa.Column("id", sa.Uuid, primary_key=True),
        _ref("demand_id", "demands"),
        sa.Column("submitted_at", TIME, nullable=False),
        _ref("user_id", "users"),
        _ref("party_id", "parties"),
        sa.Column("expert_name", sa.String(200), nullable=False),
        sa.Column("appointed_at", TIME, nullable=False),
        sa.Column("appointed_by", sa.String(60), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("verdict", sa.String(10)),
        sa.Column("score", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("merge_into", sa.Uuid),
        sa.Column("parts", pg.ARRAY(sa.String(200))),
        sa.Column("salt", sa.String(32)),
        sa.Column("given_at", TIME),
        _one_of("verdict", "clear", "mend", "merge", "split", "refuse"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        sa.CheckConstraint(
            "num_nonnulls(verdict, score, reason, parts, salt, given_at) IN (0, 6)", name="whole"
        ),
    )
    op.create_index(
        "uq_diagnosis_opinions_expert",
        "diagnosis_opinions",
        ["demand_id", "submitted_at", "user_id"],
        unique=True,
    )
    op.create_index(
        "ix_diagnosis_opinions_user_id", "diagnosis_opinions", ["user_id", "party_id", "id"]
    )


def _reshapings() -> None:
    op.create_table(
        "demand_reshapings",
        sa.Column("id", sa.Uuid, primary_key=True),
        _ref("demand_id", "demands"),
        _ref("market_id", "markets"),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        _ref("into_id", "demands", nullable=True),
        sa.Column("parts", pg.JSONB, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.Column("asked", pg.ARRAY(sa.Uuid), nullable=False),
        sa.Column("consented", pg.ARRAY(sa.Uuid), nullable=False),
        sa.Column("declined_by", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("asked_by", sa.String(60), nullable=False),
        sa.Column("ended_at", TIME),
        _one_of("kind", "merge", "split"),
        _one_of("status", "asked", "done", "declined", "dropped"),
        sa.CheckConstraint("(kind = 'merge') = (into_id IS NOT NULL)", name="into"),
        sa.CheckConstraint("status <> 'done' OR asked <@ consented", name="consent"),
    )
    op.create_index(
        "uq_demand_reshapings_asked",
        "demand_reshapings",
        ["demand_id"],
        unique=True,
        postgresql_where=sa.text("status = 'asked'"),
    )
    for column in ("demand_id", "into_id"):
        op.create_index(f"ix_demand_reshapings_{column}", "demand_reshapings", [column, "id"])


def _questions() -> None:
    op.create_table(
        "demand_questions",
        sa.Column("id", sa.Uuid, primary_key=True),
        _ref("demand_id", "demands"),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        _ref("party_id", "parties"),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("answered_at", TIME),
        _one_of("status", "open", "answered"),
        sa.CheckConstraint(
            "num_nonnulls(answer, answered_at) = CASE status WHEN 'answered' THEN 2 ELSE 0 END",
            name="answer",
        ),
    )
    op.create_index(
        "uq_demand_questions_number", "demand_questions", ["demand_id", "number"], unique=True
    )


def _confidences() -> None:
    op.create_table(
        "demand_confidences",
        sa.Column("id", sa.Uuid, primary_key=True),
        _ref("demand_id", "demands"),
        _ref("party_id", "parties"),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("accepted_at", TIME, nullable=False),
        sa.Column("accepted_by", sa.String(60), nullable=False),
    )
    op.create_index(
        "uq_demand_confidences_party", "demand_confidences", ["demand_id", "party_id"], unique=True
    )
    op.execute(
        "CREATE TRIGGER demand_confidences_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON demand_confidences FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "demand_readings",
        _ref("demand_id", "demands", primary_key=True),
        _ref("party_id", "parties", primary_key=True),
        sa.Column("first_read_at", TIME, nullable=False),
        sa.Column("last_read_at", TIME, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
    )
    op.create_table(
        "demand_files",
        _ref("demand_id", "demands", primary_key=True),
        _ref("file_id", "files", primary_key=True),
    )


def downgrade() -> None:
    for table in (
        "demand_files",
        "demand_readings",
        "demand_confidences",
        "demand_questions",
        "demand_reshapings",
        "diagnosis_opinions",
    ):
        op.drop_table(table)
    op.drop_index("ix_demands_merged_into", "demands")
    op.drop_index("ix_demands_edition_id", "demands")
    op.drop_constraint(op.f("fk_demands_edition_id_demand_editions"), "demands")
    op.drop_table("demand_editions")
    op.execute("DROP SEQUENCE demand_edition_numbers")
