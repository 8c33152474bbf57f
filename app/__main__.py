"""`python -m app`: the command line of the service."""

import signal
import sys

from app.core.exceptions import CompositionError

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
