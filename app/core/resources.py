"""What a process opens before it works, and closes after it."""


class Resource:
    """Something that may hold connections, threads or files. Derived classes say which."""

    async def open(self) -> None:
        """Get ready: once, before the first use."""

    async def close(self) -> None:
        """Let go of everything: once, after the last use, also if `open` failed half-way."""
