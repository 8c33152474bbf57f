"""Ends the process in good order if it can no longer do all of its work."""

import os
import signal
from typing import Final


class Shutdown:
    """Asks the process to end, and remembers it for the exit code."""

    def __init__(self) -> None:
        self.exit_code = 0

    def request(self) -> None:
        """Stop as for SIGTERM, with a failure as the exit code, so that a supervisor restarts."""
        self.exit_code = 1
        os.kill(os.getpid(), signal.SIGTERM)


SHUTDOWN: Final = Shutdown()
"""The shutdown of this process."""
