"""One request by hand, and its answer: before anything is measured."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


async def ask(port: int, request: bytes) -> Answer:
    """Return the answer. Raises OSError, or IncompleteReadError if there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        body = await reader.readexactly(length)
    finally:
        writer.close()
    return Answer(int(head.split()[1]), orjson.loads(body) if body else None)
