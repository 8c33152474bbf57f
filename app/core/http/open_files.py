"""The number of files that this process may have open: each connection is one."""

import resource
from contextlib import suppress
from typing import Final

WISHED: Final = 65_536


def allow_many() -> None:
    """Raise the limit as far as this process may.

    Systems begin with 1,024 for old programs and allow many more. Beyond the limit the kernel
    resets new connections without any message.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wished = WISHED if hard == resource.RLIM_INFINITY else min(hard, WISHED)
    if soft != resource.RLIM_INFINITY and soft < wished:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wished, hard))
