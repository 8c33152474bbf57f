<%!
    def sentence(text):
        return f"{text[:1].upper()}{text[1:].rstrip('.')}."

    def code(text):
        """Leave out Alembic's remarks, of which each begins and ends the operations."""
        lines = [line for line in text.splitlines() if not line.strip().startswith("# ###")]
        return "\n".join(lines).strip()
%>\
"""${message | sentence}

Revision: ${up_revision}, after ${down_revision or depends_on | comma,n}.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.models import Json, Timestamp
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades or "pass" | code}


def downgrade() -> None:
    ${downgrades or "pass" | code}
