"""Common passwords, known from published leaks."""

from functools import cache


@cache
def common_passwords() -> frozenset[str]:
    """Return the 30,000 most frequent ones, in lower case. They are read at the first call."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - as large as a framework

    return frozenset(map(str.casefold, FREQUENCY_LISTS["passwords"]))
