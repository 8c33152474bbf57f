"""What the tool answers instead of doing a thing by half."""


class Refusal(Exception):
    """The command was refused and nothing was changed; the message says what to write instead."""

    exit_code = 3
