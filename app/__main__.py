"""`python -m app`: the command line of the service."""

import signal

# Until the command runs, Ctrl-C ends the process without a word: a second passes with imports.
asked = signal.getsignal(signal.SIGINT)
if asked is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from app.cli import main  # noqa: E402

signal.signal(signal.SIGINT, asked)
main()
