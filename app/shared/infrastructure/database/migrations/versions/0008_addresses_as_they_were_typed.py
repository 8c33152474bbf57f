"""The spelling of an address that email goes to, beside the one by which its account is found.

Revision: 0008, after 0007. The release before writes the latter alone, which stays right.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("typed_email", sa.String(length=254), nullable=True))


def downgrade() -> None:
    op.drop_column("user", "typed_email")
