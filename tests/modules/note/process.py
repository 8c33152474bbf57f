"""The service with notes, as a process.

python -m tests.modules.note.process serve
"""

import asyncio

from sqlalchemy import URL

import app.cli
from app.cli import main
from app.shared.infrastructure.database.migrate import upgrade
from tests.modules.note.container import ContainerWithNotes
from tests.modules.note.storage import schema
from tests.support.anybody import create_tables

__all__ = ["main"]


def _upgrade(url: URL) -> None:
    upgrade(url)
    asyncio.run(create_tables(url.render_as_string(hide_password=False), schema))


vars(app.cli)["upgrade"] = _upgrade
vars(app.cli)["ApplicationContainer"] = ContainerWithNotes

if __name__ == "__main__":
    main()
