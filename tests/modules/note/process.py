"""The service with notes, as a process.

python -m tests.modules.note.process serve
"""

import asyncio

from sqlalchemy import URL

import app.cli
from app.container import ApplicationContainer
from app.shared.infrastructure.database.migrate import upgrade
from tests.modules.note.container import ContainerWithNotes
from tests.modules.note.storage import schema
from tests.support.anybody import create_tables


def _upgrade(url: URL) -> None:
    upgrade(url)
    asyncio.run(create_tables(url.render_as_string(hide_password=False), schema))


def main(kind: type[ApplicationContainer] = ContainerWithNotes) -> None:
    """Run a command of the service, with this container, in a process that does nothing else."""
    vars(app.cli)["upgrade"] = _upgrade
    vars(app.cli)["ApplicationContainer"] = kind
    app.cli.main()


if __name__ == "__main__":
    main()
