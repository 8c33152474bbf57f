"""A service with a module of the examples, whose routes are FastAPI's."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.config.settings import Settings
from app.core.http.service import Service
from app.main import create_app
from tests.e2e.fastapi.examples.shop import Application, ShopSettings
from tests.e2e.fastapi.examples.vouchers import Base, Voucher


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> ShopSettings:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "style.css").write_text("body {}")
    database = f"sqlite+aiosqlite:///{folder}/vouchers.db"
    return ShopSettings(database=database, assets=folder, session_key="a key for tests only")


async def write_vouchers(address: str) -> None:
    """Create the table, with a row in it."""
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(insert(Voucher), {"id": 1, "code": "SPRING", "percent": 10})
    await engine.dispose()


@pytest.fixture(scope="session")
async def service(settings: Settings, shop: ShopSettings) -> AsyncIterator[Service]:
    await write_vouchers(shop.database)
    app = create_app(settings.with_modules(shop), Application)
    async with app.router.lifespan_context(app):
        yield app
        await app.state.container.shop.engine().dispose()
