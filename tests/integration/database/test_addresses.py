"""The service, its migrations and the doctor use a database URL in the same way."""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import asyncpg
import pytest
from sqlalchemy import func, make_url, select

from app.config.database import create_database
from app.config.settings import load_settings
from app.doctor import examine
from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.revisions import MigrationFailed
from app.shared.infrastructure.database.statement import Statement
from tests.support.anybody import schema_of
from tests.support.certificates import Authority
from tests.support.databases import text
from tests.support.postgres import PostgresServer

PASSWORD = "a:b@c/d?e#f%20g&h=i$j"


class Server(NamedTuple):
    """A server with a socket, and an encrypted connection to it."""

    url: str
    port: int
    folder: Path
    secure_port: int
    authority: Path


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """For sockets: not pytest's, because the server is another user, and with a short path."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
async def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    started = PostgresServer(unix_socket_directories=str(folder))
    authority = Authority(tmp_path_factory.mktemp("authority"))
    try:
        url = started.url("postgres")
        async with encrypted(url.port or 0, authority.server_of("localhost")) as secure_port:
            address = url.render_as_string(hide_password=False)
            yield Server(address, url.port or 0, folder, secure_port, authority.file)
    finally:
        started.stop()


@asynccontextmanager
async def encrypted(port: int, proof: ssl.SSLContext) -> AsyncIterator[int]:
    """The port that adds TLS to PostgreSQL; the wheel's server is built without it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readexactly(8)  # SSLRequest
            writer.write(b"S")
            await writer.start_tls(proof)
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(65_536):
            writer.write(some)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.fixture
async def database(server: Server) -> AsyncIterator[str]:
    """An empty database with a user whose password has all special characters of a URL."""
    raw = await asyncpg.connect(server.url)
    await raw.execute(f"CREATE ROLE ana LOGIN PASSWORD '{PASSWORD}'")
    await raw.execute("CREATE DATABASE shop_test OWNER ana")
    yield "shop_test"
    await raw.execute("DROP DATABASE shop_test WITH (FORCE)")
    await raw.execute("DROP ROLE ana")
    await raw.close()


def setting(name: str) -> Statement:
    return Statement(select(func.current_setting(name).label("value")))


ADDRESSES = {
    "plain": "postgresql://ana:{password}@127.0.0.1:{port}/shop_test?sslmode=disable",
    "encrypted": "postgresql://ana:{password}@127.0.0.1:{secure}/shop_test?sslmode=require",
    "ssl": "postgresql+asyncpg://ana:{password}@127.0.0.1:{secure}/shop_test?ssl=true",
    "verified": (
        "postgres://ana:{password}@localhost:{secure}/shop_test?sslmode=verify-full&sslrootcert={ca}"
    ),
    "socket": "postgresql://ana:{password}@{folder}:{port}/shop_test",
    "socket by name": "postgresql://ana:{password}@/shop_test?host={folder}&port={port}",
    "two servers": (
        "postgresql://ana:{password}@/shop_test?host=127.0.0.1:1,127.0.0.1:{port}"
        "&target_session_attrs=read-write"
    ),
    "options": (
        "postgresql://ana:{password}@127.0.0.1:{port}/shop_test?application_name=shop"
        "&options=-c%20work_mem%3D1234kB%20-c%20statement_timeout%3D0&connect_timeout=10&channel_binding=prefer"
    ),
}


@pytest.mark.parametrize("kind", ADDRESSES)
async def test_service_migrations_and_doctor_use_the_url_in_the_same_way(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", completed(ADDRESSES[kind], server))
    settings = load_settings(_env_file=None)
    await asyncio.to_thread(upgrade, settings.database)
    assert "event_log" in await schema_of(text(make_url(server.url).set(database=database)))

    found = [str(each) for each in await asyncio.to_thread(lambda: [*examine()])]
    assert [told for told in found if "database" in told or "schema" in told] == [
        "      ok  database postgresql answers",
        "      ok  schema   up to date",
    ]

    serving = create_database(settings)
    names = ("application_name", "work_mem", "statement_timeout")
    rows = [await serving.fetch_one(setting(name), {}) for name in names]
    await serving.close()
    own = ["shop", "1234kB"] if kind == "options" else ["alicerce", "4MB"]
    # The time limit of each statement is ours, whatever the URL says.
    assert [row["value"] for row in rows if row] == [*own, "5s"]


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(ADDRESSES["verified"].replace("localhost", "127.0.0.1"), id="another name"),
        pytest.param(ADDRESSES["verified"].replace("{ca}", "/nowhere"), id="no authority"),
        pytest.param(ADDRESSES["encrypted"].replace("{secure}", "{port}"), id="not encrypted"),
    ],
)
async def test_a_server_with_an_invalid_certificate_gets_nothing(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", completed(address, server))
    found = [str(each) for each in await asyncio.to_thread(lambda: [*examine()])]
    assert any("trouble" in told and "database" in told for told in found)
    with pytest.raises(MigrationFailed):
        await asyncio.to_thread(upgrade, load_settings(_env_file=None).database)


def completed(address: str, server: Server) -> str:
    return address.format(
        password=quote(PASSWORD, safe=""),
        port=server.port,
        secure=server.secure_port,
        folder=quote(str(server.folder), safe=""),
        ca=quote(str(server.authority), safe=""),
    )
