"""Passwords that many people have, known from what was stolen elsewhere."""

from zxcvbn.frequency_lists import FREQUENCY_LISTS


def common_passwords() -> frozenset[str]:
    """Return the 30,000 most frequent ones, in lower case."""
    return frozenset(map(str.casefold, FREQUENCY_LISTS["passwords"]))
