"""Sessions that are deleted in batches after their account, and spent tokens found by their time.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

IS_SPENT = sa.text("spent_at IS NOT NULL")
_OF_USER = "fk_user_session_user_id"
_OF_SESSION = "fk_refresh_token_session_id"


def upgrade() -> None:
    _let_go_of_sessions()
    with op.batch_alter_table("user_session") as batch:
        batch.drop_constraint(_OF_USER, type_="foreignkey")
    _hold_on_to_sessions()
    op.create_index(
        "ix_refresh_token_spent_at",
        "refresh_token",
        ["spent_at"],
        postgresql_where=IS_SPENT,
        sqlite_where=IS_SPENT,
    )


def downgrade() -> None:
    op.drop_index("ix_refresh_token_spent_at", table_name="refresh_token")
    op.execute('DELETE FROM user_session WHERE user_id NOT IN (SELECT id FROM "user")')
    _let_go_of_sessions()
    with op.batch_alter_table("user_session") as batch:
        batch.create_foreign_key(_OF_USER, "user", ["user_id"], ["id"], ondelete="CASCADE")
    _hold_on_to_sessions()


# SQLite makes a table anew for this and drops the old one, which deletes its rows first: what hangs
# on them must not, meanwhile.
def _let_go_of_sessions() -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("refresh_token") as batch:
            batch.drop_constraint(_OF_SESSION, type_="foreignkey")


def _hold_on_to_sessions() -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("refresh_token") as batch:
            batch.create_foreign_key(
                _OF_SESSION, "user_session", ["session_id"], ["id"], ondelete="CASCADE"
            )
