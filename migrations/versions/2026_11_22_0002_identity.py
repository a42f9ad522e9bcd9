"""Tables of identity."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

revision = "0002_identity"
down_revision = "0001_platform"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "parties",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("credit_code", sa.String(18)),
        sa.Column("region_code", sa.String(6)),
        sa.Column("address", sa.String(200)),
        sa.Column("seller_class", sa.String(40)),
        sa.Column("party_type", sa.String(60)),
        sa.Column("scale", sa.String(40)),
        sa.Column("industry", sa.String(60)),
        sa.Column("representative", sa.String(200)),
        sa.Column("contact", sa.String(200)),
        sa.Column("phone", sa.String(40)),
        sa.Column("postcode", sa.String(10)),
        sa.Column("in_high_tech_zone", sa.Boolean, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("decision_reason", sa.String(2000)),
        sa.Column("registered_at", TIME, nullable=False),
        sa.CheckConstraint("kind IN ('organisation', 'person')", name="kind"),
        sa.CheckConstraint("status IN ('pending', 'verified', 'refused')", name="status"),
        sa.CheckConstraint(
            "(kind = 'organisation') = (credit_code IS NOT NULL)", name="organisation_has_code"
        ),
    )
    op.create_index(
        "uq_parties_credit_code",
        "parties",
        ["market_id", "credit_code"],
        unique=True,
        postgresql_where=sa.text("status <> 'refused'"),
    )
    op.create_index("ix_parties_market_id_id", "parties", ["market_id", "id"])
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("login", sa.String(100), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=NOW),
    )
    op.create_index("uq_users_login", "users", ["login"], unique=True)
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=NOW),
        sa.CheckConstraint(
            "role IN ('seller_staff', 'buyer_staff', 'broker', 'expert', 'operator', 'auditor')",
            name="role",
        ),
    )
    op.create_index(
        "uq_memberships_user_party_role",
        "memberships",
        ["user_id", "party_id", "role"],
        unique=True,
    )
    op.create_index("ix_memberships_party_id", "memberships", ["party_id"])
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("market_id", sa.Uuid, nullable=False),
        sa.Column("party_id", sa.Uuid, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("secret_prefix", sa.String(16), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
    )
    op.create_index("ix_clients_party_id", "clients", ["party_id"])
    op.create_table(
        "refresh_families",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("membership_id", sa.Uuid, sa.ForeignKey("memberships.id"), nullable=False),
        sa.Column("scopes", pg.ARRAY(sa.String(40)), nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=NOW),
        sa.Column("revoked_at", TIME),
    )
    op.create_index("ix_refresh_families_membership_id", "refresh_families", ["membership_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("family_id", sa.Uuid, sa.ForeignKey("refresh_families.id"), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
    )
    op.create_index("ix_refresh_tokens_family_id", "refresh_tokens", ["family_id"])
    op.create_table(
        "login_attempts",
        sa.Column("subject", sa.LargeBinary, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("window_ends_at", TIME, nullable=False),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    for table in (
        "login_attempts",
        "refresh_tokens",
        "refresh_families",
        "clients",
        "memberships",
        "users",
        "parties",
    ):
        op.drop_table(table)
