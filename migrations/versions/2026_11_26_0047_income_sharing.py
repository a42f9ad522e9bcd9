"""Income sharing."""

revision = "0047_income_sharing"
down_revision = "0046_price_terms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
