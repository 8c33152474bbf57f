"""What a process opens before it works, and closes afterwards."""


class Resource:
    """An object that may hold connections, threads or files. Derived classes say which."""

    async def open(self) -> None:
        """Open it: called once, before the first use."""

    async def close(self) -> None:
        """Close it: called once, after the last use, also if `open` failed half-way."""
