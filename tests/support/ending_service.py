"""The service as a process whose event engine ends by itself, soon after the start.

python -m tests.support.ending_service serve
"""

from app.cli import main
from app.shared.infrastructure.events.delivery.notifier import Notifier


async def _fail(self: Notifier, seconds: float) -> None:
    raise ValueError("nobody thought of it")


Notifier.wait = _fail  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
