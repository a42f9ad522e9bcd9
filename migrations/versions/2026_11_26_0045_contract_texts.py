"""Contract texts, signatures, effect."""

revision = "0045_contract_texts"
down_revision = "0044_fees"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
