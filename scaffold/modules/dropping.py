"""The tables of a module that is removed: whether databases may have them, and how they go."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import Final

from scaffold.draft import Draft
from scaffold.errors import Refusal
from scaffold.modules.kept import Kept
from scaffold.modules.reading import MIGRATIONS, head_of, revisions_in
from scaffold.source import parsed
from scaffold.working_tree import is_shared

# Run by the project's Python; it prints the revisions of the database that the settings name.
_ASK: Final = """
import asyncio, sys
from app.config.database import create_database
from app.container import ApplicationContainer
from app.shared.infrastructure.database.migrate import VERSION_TABLE
from app.shared.infrastructure.database.statement import Statement
from sqlalchemy import column, select, table

async def ask():
    settings = ApplicationContainer.load_settings()
    url = settings.database
    if url.get_backend_name() == "sqlite":
        import os
        if not os.path.exists(url.database or ""):
            return []
    database = create_database(settings)
    await database.open()
    try:
        asked = Statement(select(column("version_num")).select_from(table(VERSION_TABLE)))
        return [row["version_num"] for row in await database.fetch_all(asked, {})]
    finally:
        await database.close()

print(*asyncio.run(ask()))
"""


def how_far(root: Path, kept: Kept, *, what: str) -> str | None:
    """Return why other databases may have what the migrations made, or None if none has it.

    Raises Refusal if only the developer's own database has them, which can go back.
    """
    known = revisions_in(root / MIGRATIONS)
    own = {name for name, (file, _) in known.items() if _path(root, file) in kept.migrations}
    for name, (file, follows) in known.items():
        if follows in own and name not in own:
            return f"{_path(root, file)} follows the migration of {kept.name}"
    for path in kept.migrations:
        if is_shared(root, path):
            return f"{path} is in a branch of a remote repository or in a tag"
    if own & _revisions_of_database(root):
        before = kept.after or "app@base"
        raise Refusal(
            f"Your database has {what}. Go back there first, which drops it: "
            f"python -m app migrate --down {before}\n"
            "Or write --drop-data: then a later migration drops it in every database"
        )
    return None


def _path(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()


def _revisions_of_database(root: Path) -> set[str]:
    """Return how far the database of the settings is; nothing if it cannot be asked."""
    variables = {"JWT_SECRET_KEY": "unused" * 8, **os.environ}  # or a file of it would be made
    done = subprocess.run(
        [sys.executable, "-c", _ASK],
        cwd=root,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.splitlines()[-1:] if done.returncode == 0 else []
    return set(" ".join(last).split())


def drop_tables(draft: Draft, kept: Kept) -> str:
    """Draft the migration that drops the module's tables; return what the developer has to know.

    Down it does again what the module's own migrations did.
    """
    head = head_of(draft.root / MIGRATIONS)
    if head is None or not kept.migrations:
        raise Refusal(f"There is no migration of {kept.name}, so there is no table to drop")
    number = int(head.rpartition("_")[2]) + 1
    revision = f"app_{number:04}"
    texts = [draft.read(path) for path in kept.migrations]
    drops = "".join(f'    op.drop_table("{table}")\n' for table in reversed(kept.tables))
    path = f"{MIGRATIONS}/{revision}_drop_{kept.plural}.py"
    draft.add(
        path,
        f'"""Drop {kept.plural.replace("_", " ")}.\n\nRevision: {revision}, after {head}.\n"""\n\n'
        + "".join(dict.fromkeys(line for text in texts for line in _imports(text)))
        + f'\nrevision = "{revision}"\ndown_revision = "{head}"\n'
        + "branch_labels = None\ndepends_on = None\n\n\n"
        + f"def upgrade() -> None:\n{drops}\n\n"
        + "def downgrade() -> None:\n"
        + "".join(_body(text, "upgrade") for text in texts),
    )
    return (
        f"{path} drops {', '.join(kept.tables)} with all rows. A release that still runs during "
        "the migration must not use them: deploy the removal of the code first"
    )


def _imports(text: str) -> list[str]:
    return [
        f"{ast.unparse(each)}\n"
        for each in parsed(text).body
        if isinstance(each, ast.Import | ast.ImportFrom)
    ]


def _body(text: str, function: str) -> str:
    for each in parsed(text).body:
        if isinstance(each, ast.FunctionDef) and each.name == function:
            lines = text.split("\n")[each.body[0].lineno - 1 : each.end_lineno]
            return indent(dedent("\n".join(lines)), "    ") + "\n"
    raise Refusal(f"A migration of the module has no {function}()")
