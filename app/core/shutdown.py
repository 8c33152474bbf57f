"""Ending the process in good order when it can't do all of its work any more."""

import os
import signal
from typing import Final


class Shutdown:
    """Asks the process to end, and remembers that nobody else did: its exit code says so."""

    def __init__(self) -> None:
        self.exit_code = 0

    def request(self) -> None:
        """Stop as for SIGTERM, with a failure as the exit code, so that a supervisor restarts."""
        self.exit_code = 1
        os.kill(os.getpid(), signal.SIGTERM)


SHUTDOWN: Final = Shutdown()
"""Of this process."""
