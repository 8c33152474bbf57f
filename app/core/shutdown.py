"""The end of the process: whether it has begun, and with which exit code."""

import os
import signal
from typing import Final


class Shutdown:
    """Knows whether the process was asked to end. Asks it if it can no longer do all its work."""

    def __init__(self) -> None:
        self.exit_code = 0
        self.is_begun = False

    def begin(self) -> None:
        """Note that the process was asked to end."""
        self.is_begun = True

    def request(self) -> None:
        """Stop as for SIGTERM, with a failure as the exit code, so that a supervisor restarts."""
        self.exit_code = 1
        if not self.is_begun:  # a second signal would hurry it
            os.kill(os.getpid(), signal.SIGTERM)


SHUTDOWN: Final = Shutdown()
"""The shutdown of this process."""
