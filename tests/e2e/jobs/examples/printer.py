"""What prints: a service somewhere else."""

import asyncio


class Printer:
    """Prints each key once. It waits after each page while `gate` is closed."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.started, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def print(self, title: str, *, key: str) -> None:
        self.pages.setdefault(key, title)
        self.started.set()
        await self.gate.wait()
