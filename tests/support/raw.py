"""Sends requests byte by byte: client libraries correct what a test wants to send broken."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The header's value; None if it is missing. Fails if it is repeated."""
        values = [value.decode("latin-1") for key, value in self.headers if key == name.encode()]
        assert len(values) <= 1, f"{name}: {values}"
        return values[0] if values else None

    def json(self) -> Any:
        return orjson.loads(self.body)


async def send(
    app: ASGIApp,
    method: str,
    target: str | bytes,
    *,
    headers: Headers = (),
    body: bytes | Iterable[bytes] = b"",
) -> Answer:
    """Return the application's answer. Target and headers are sent unchanged.

    A missing host is added, and the header that announces the body. A chunked body ends with an
    empty chunk; without it the client disconnects half-way.
    """
    raw_path, _, query = _bytes(target).partition(b"?")
    headers = [(name.lower(), value) for name, value in headers]
    names = {name for name, _ in headers}
    if b"host" not in names:
        headers.append((b"host", b"test"))
    if body and not names & {b"content-length", b"transfer-encoding"}:
        headers.append((b"transfer-encoding", b"chunked"))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
        "server": ("test", 80),
    }
    chunks = iter([body, b""] if isinstance(body, bytes) else body)
    sent: list[Message] = []
    is_whole = False

    async def receive() -> Message:
        nonlocal is_whole
        if is_whole:
            await asyncio.Event().wait()  # the client waits for its answer
        chunk = next(chunks, None)
        is_whole = chunk == b""
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": chunk != b""}

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    start, *parts = sent
    return Answer(start["status"], start["headers"], b"".join(part["body"] for part in parts))


def _bytes(text: str | bytes) -> bytes:
    return text.encode("ascii") if isinstance(text, str) else text
