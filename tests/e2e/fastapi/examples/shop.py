"""The container of a module with all examples, and what a project adds to its service."""

from pathlib import Path

from dependency_injector.providers import Dependency, List, Object, Singleton
from fastapi import Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse

from app.config.module_settings import ModuleSettings
from app.container import ApplicationContainer
from app.core.http.service import Service
from app.shared.container import module
from app.shared.module_container import ModuleContainer
from tests.e2e.fastapi.examples.graph import graph_routes
from tests.e2e.fastapi.examples.live import echo_routes, price_routes
from tests.e2e.fastapi.examples.photos import files, photo_routes
from tests.e2e.fastapi.examples.reports import OutOfStock, report_routes
from tests.e2e.fastapi.examples.vouchers import admin_pages


class ShopSettings(ModuleSettings):
    """The shop."""

    prefix = "SHOP_"

    database: str = Field(description="Where the vouchers are.", examples=["sqlite+aiosqlite://"])
    assets: Path = Field(Path("assets"), description="A folder of files.", examples=["assets"])
    session_key: str = Field(description="Signs sessions.", examples=["openssl rand -hex 32"])


class ShopContainer(ModuleContainer):
    settings: Dependency[ShopSettings] = Dependency(instance_of=ShopSettings)

    engine: Singleton[AsyncEngine] = Singleton(create_async_engine, settings.provided.database)
    permissions = Object({"user": {"report:read"}, "admin": {"report:read", "voucher:admin"}})
    routers = List(
        Singleton(report_routes),
        Singleton(price_routes),
        Singleton(echo_routes),
        Singleton(graph_routes),
        Singleton(photo_routes),
        Singleton(files, settings.provided.assets),
        Singleton(admin_pages, engine),
    )


async def answer_out_of_stock(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"reason": "out of stock"}, status_code=409)


class Application(ApplicationContainer):
    shop = module(ShopContainer)

    @classmethod
    def extend(cls, app: Service) -> None:
        key = app.state.container.shop.settings().session_key
        app.add_middleware(GZipMiddleware, minimum_size=500)
        app.add_middleware(SessionMiddleware, secret_key=key, https_only=True)
        app.add_exception_handler(OutOfStock, answer_out_of_stock)
