"""Versions of achievements and their bulk import."""

import hashlib
import json
from decimal import Decimal

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0018_imports"
down_revision = "0017_selection"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
PLAIN = (
    "title", "abstract", "technology_field", "kind", "ip_kind", "ip_assets", "evidence",
    "state_of_the_art", "completers", "service_result", "empowerment", "plan_source",
    "conversion_modes", "confidentiality", "keywords", "public_summary", "secrecy",
    "funding_project", "price_basis",
)
MINOR_DIGITS = {"JPY": 0}


def upgrade() -> None:
    op.create_table(
        "achievement_versions",
        sa.Column(
            "achievement_id", sa.Uuid, sa.ForeignKey("achievements.id"), primary_key=True
        ),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("edited_at", TIME, nullable=False),
        sa.Column("edited_by", sa.String(60), nullable=False),
    )
    _first_versions()
    op.execute(
        "CREATE TRIGGER achievement_versions_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON achievement_versions"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "achievement_imports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, sa.ForeignKey("markets.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("file_id", sa.Uuid, sa.ForeignKey("files.id"), nullable=False),
        sa.Column("draft", sa.Boolean, nullable=False),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("stored_count", sa.Integer, nullable=False),
        sa.Column("unchanged_count", sa.Integer, nullable=False),
        sa.Column("refused_count", sa.Integer, nullable=False),
        sa.Column("started_by", sa.String(60), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
    )
    op.create_index("ix_achievement_imports_party_id", "achievement_imports", ["party_id", "id"])
    op.create_table(
        "achievement_import_results",
        sa.Column(
            "import_id", sa.Uuid, sa.ForeignKey("achievement_imports.id"), primary_key=True
        ),
        sa.Column("row_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("achievement_id", sa.Uuid),
        sa.Column("faults", pg.JSONB, nullable=False),
        sa.CheckConstraint("outcome IN ('stored', 'unchanged', 'refused')", name="outcome"),
    )
    op.create_table(
        "achievement_import_rows",
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("row_key", sa.String(64), primary_key=True),
        sa.Column(
            "achievement_id",
            sa.Uuid,
            sa.ForeignKey("achievements.id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
    )


def _first_versions() -> None:
    """Keep what every achievement says now as the version that it has."""
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT * FROM achievements ORDER BY id")).mappings()
    rows = [_version(row) for row in found.all()]
    for start in range(0, len(rows), 500):
        connection.execute(
            sa.text(
                "INSERT INTO achievement_versions"
                " SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS r(achievement_id uuid,"
                " version integer, content jsonb, content_hash text, edited_at timestamptz,"
                " edited_by text)"
            ),
            {"rows": json.dumps(rows[start : start + 500])},
        )


def _version(row) -> dict:
    content = {name: row[name] for name in PLAIN}
    # Rights of the earliest results lie in the database without a term.
    content["ip_assets"] = [{"expires_on": None} | asset for asset in row["ip_assets"]]
    content["readiness"] = {"scale": row["readiness_scale"], "level": row["readiness_level"]}
    content["attachments"] = [str(file_id) for file_id in row["attachments"]]
    minor, currency = row["price_idea_minor"], row["price_idea_currency"]
    content["price_idea"] = None
    if minor is not None:
        digits = MINOR_DIGITS.get(currency, 2)
        amount = f"{Decimal(minor).scaleb(-digits):.{digits}f}"
        content["price_idea"] = {"amount": amount, "currency": currency}
    # For text, whole numbers and ASCII keys these bytes are the RFC 8785 form.
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {
        "achievement_id": str(row["id"]),
        "version": row["version"],
        "content": content,
        "content_hash": hashlib.sha256(canonical.encode()).hexdigest(),
        "edited_at": (row["submitted_at"] or row["collected_at"]).isoformat(),
        "edited_by": "system",
    }


def downgrade() -> None:
    op.drop_table("achievement_import_rows")
    op.drop_table("achievement_import_results")
    op.drop_table("achievement_imports")
    op.drop_table("achievement_versions")
