"""`python -m app`: the command line of the service."""

import os
import signal
import sys

from app.core.exceptions import CompositionError

# As the first process of a container it would ignore the signal. An exception could be raised where
# it is ignored. What was not committed is rolled back.
signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))

# Until the command runs, Ctrl-C ends the process without a traceback: imports take a second.
asked = signal.getsignal(signal.SIGINT)
if asked is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

try:
    from app.cli import main
except CompositionError as error:  # a line of `app/container.py` that cannot be right
    sys.exit(str(error))

signal.signal(signal.SIGINT, asked)
main()
