"""Selection: experts, deadlines, market-wide selection terms."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0017_selection"
down_revision = "0016_collection"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "selection_terms",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("terms", pg.JSONB, nullable=False),
        sa.Column("entered_by", sa.String(60), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
    )
    op.create_index(
        "uq_selection_terms_version", "selection_terms", ["market_id", "version"], unique=True
    )
    op.create_index(
        "ix_selection_terms_effective",
        "selection_terms",
        ["market_id", "effective_on", "version"],
    )
    op.execute(
        "CREATE TRIGGER selection_terms_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON selection_terms"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "selection_opinions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("achievement_id", sa.Uuid, sa.ForeignKey("achievements.id"), nullable=False),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("expert_name", sa.String(200), nullable=False),
        sa.Column("appointed_at", TIME, nullable=False),
        sa.Column("appointed_by", sa.String(60), nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("vote", sa.String(10)),
        sa.Column("score", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("given_at", TIME),
        sa.CheckConstraint("vote IN ('recommend', 'mend', 'reject')", name="vote"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        sa.CheckConstraint(
            "num_nonnulls(vote, score, reason, given_at) IN (0, 4)", name="whole"
        ),
    )
    op.create_index(
        "uq_selection_opinions_expert",
        "selection_opinions",
        ["achievement_id", "submitted_at", "user_id"],
        unique=True,
    )
    op.create_index(
        "ix_selection_opinions_user_id", "selection_opinions", ["user_id", "party_id", "id"]
    )
    _begin_shelf_lives()


def _begin_shelf_lives() -> None:
    """Let what lies on the shelf be confirmed within the default shelf life from now on."""
    op.execute(
        "UPDATE achievements AS a"
        " SET due_at = (date_trunc('day', clock_timestamp() + c.ahead, 'Asia/Shanghai')"
        " + interval '366 days')"
        " FROM market_clocks AS c"
        " WHERE c.market_id = a.market_id AND a.status = 'accepted' AND a.due_at IS NULL"
    )
    for kind, earlier in (("achievement.deadline", 0), ("achievement.remind", 30)):
        op.execute(
            "INSERT INTO timers (id, market_id, due_at, kind, subject_id, attempts)"
            f" SELECT gen_random_uuid(), market_id, due_at - interval '{earlier} days',"
            f" '{kind}', id, 0 FROM achievements WHERE status = 'accepted'"
        )


def downgrade() -> None:
    op.execute("DELETE FROM timers WHERE kind IN ('achievement.deadline', 'achievement.remind')")
    op.drop_table("selection_opinions")
    op.drop_table("selection_terms")
