"""A mail server on the loopback: accepts emails, or refuses them as told (RFC 5321)."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Delivered:
    sender: str
    recipients: list[str]
    content: bytes
    over_tls: bool
    signed_in_as: str


@dataclass
class MailServer:
    """`refusals` holds the answers to commands that replace the usual ones, such as for RCPT.

    It takes each email after a pause, in seconds.
    """

    port: int = 0
    pause: float = 0.0
    features: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    refusals: dict[str, str] = field(default_factory=dict)
    delivered: list[Delivered] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self, reader, writer)
        try:
            await session.run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone, which is how a failed client ends
        finally:
            writer.close()


class _Session:
    def __init__(
        self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._over_tls = writer.get_extra_info("sslcontext") is not None
        self._sender, self._recipients, self._signed_in_as = "", list[str](), ""

    async def run(self) -> None:
        await self._say(self._server.refusals.get("CONNECT", "220 test"))
        while line := (await self._reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            self._server.commands.append(line)
            if verb in self._server.refusals:
                await self._say(self._server.refusals[verb])
            elif verb == "QUIT":
                await self._say("221 bye")
                return
            else:
                await getattr(self, f"_{verb.lower()}")(line)

    async def _ehlo(self, _line: str) -> None:
        offers = [*self._server.features]
        if self._server.tls and not self._over_tls:
            offers.append("STARTTLS")
        else:
            offers.append("AUTH PLAIN")
        lines = ["test", *offers]
        for line in lines[:-1]:
            await self._say(f"250-{line}")
        await self._say(f"250 {lines[-1]}")

    async def _starttls(self, _line: str) -> None:
        assert self._server.tls
        await self._say("220 go")
        await self._writer.start_tls(self._server.tls)
        self._over_tls = True

    async def _auth(self, line: str) -> None:
        _, name, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        self._signed_in_as = f"{name}:{password}"
        await self._say("235 welcome")

    async def _mail(self, line: str) -> None:
        self._sender, self._recipients = _address(line), []
        await self._say("250 ok")

    async def _rcpt(self, line: str) -> None:
        self._recipients.append(_address(line))
        await self._say("250 ok")

    async def _data(self, _line: str) -> None:
        await self._say("354 go on")
        content = (await self._reader.readuntil(b"\r\n.\r\n"))[: -len(b".\r\n")]
        if refusal := self._server.refusals.get("CONTENT"):
            await self._say(refusal)
            return
        await asyncio.sleep(self._server.pause)
        undotted = content.replace(b"\r\n..", b"\r\n.")
        self._server.delivered.append(
            Delivered(self._sender, self._recipients, undotted, self._over_tls, self._signed_in_as)
        )
        await self._say("250 taken")

    async def _rset(self, _line: str) -> None:
        await self._say("250 ok")

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, from_the_start: bool = False
) -> AsyncIterator[MailServer]:
    """Serve on a free port while the block runs.

    With `tls` it offers STARTTLS, or only speaks TLS.
    """
    server = MailServer(tls=tls)
    listener = await asyncio.start_server(
        server.serve, "127.0.0.1", 0, ssl=tls if from_the_start else None
    )
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
