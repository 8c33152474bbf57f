"""Over TLS a broker must prove its name: without that both libraries would accept any server."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from app.shared.infrastructure.events.delivery.celery.broker import create_celery
from tests.support.certificates import Authority

pytestmark = pytest.mark.parametrize("scheme", ["rediss", "amqps"])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def what_is_said(scheme: str, authority: Authority, name: str) -> bytes:
    """Connect to a broker with a certificate for that name; return what the client sends to it."""
    told = b""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal told
        told += await reader.read(1000)
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=authority.server_of(name))
    async with server:
        port = server.sockets[0].getsockname()[1]
        address = f"{scheme}://ana:secret@127.0.0.1:{port}"
        celery = create_celery(address, name="test", visibility_timeout=1)
        with celery.connection_for_write() as connection, suppress(Exception):
            await asyncio.to_thread(connection.ensure_connection, max_retries=0)
    return told


async def test_a_broker_with_a_trusted_certificate_is_used(
    scheme: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.trust(monkeypatch)

    assert await what_is_said(scheme, authority, "127.0.0.1")


async def test_a_broker_with_an_untrusted_certificate_gets_nothing(
    scheme: str, authority: Authority
) -> None:
    assert await what_is_said(scheme, authority, "127.0.0.1") == b""


async def test_a_broker_with_a_certificate_for_another_host_gets_nothing(
    scheme: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.trust(monkeypatch)

    assert await what_is_said(scheme, authority, "other.example.com") == b""
