"""The service as a process that ends itself at a commit: before or right after it.

    FATAL=after python -m tests.support.fatal_service serve

Only calls whose key begins with `fatal` end it.
"""

import os

from app.core.idempotency import Answer, IdempotentCall
from app.shared.infrastructure.idempotency import DeferredCommit
from tests.modules.note.process import main

_commit = DeferredCommit.commit


async def _commit_fatally(
    self: DeferredCommit, call: IdempotentCall, answer: Answer | None, /
) -> None:
    is_fatal = call.key.startswith("fatal")
    if is_fatal and os.environ["FATAL"] == "before":
        os._exit(9)
    await _commit(self, call, answer)
    if is_fatal:
        os._exit(9)


DeferredCommit.commit = _commit_fatally  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
