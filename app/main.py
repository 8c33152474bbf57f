"""The web application."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from itertools import chain
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from app.config.settings import Settings, load_settings
from app.container import ApplicationContainer, build_container
from app.core.browsers import COOKIE
from app.core.connections import OpenConnections
from app.core.dispatch import Dispatch
from app.core.edge import Edge
from app.core.ending import ENDING
from app.core.fair_use import FairUse
from app.core.gate import Gate
from app.core.logging import configure_logging
from app.core.middleware import RequestBoundary
from app.core.problems import PROBLEM_SCHEMA
from app.core.routing import API, mount, refuse_routes_without_access
from app.shared.presentation.docs import DocsController, docs_routes, problem_routes
from app.shared.presentation.health import HealthController, health_routes
from app.shared.presentation.metrics import metrics_routes

log = structlog.get_logger(__name__)

SECURITY_SCHEMES: Final = {
    "password": {
        "type": "oauth2",
        "description": "An access token, as `Authorization: Bearer …`.",
        "flows": {"password": {"tokenUrl": f"{API}/auth/token", "scopes": {}}},
    },
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, as `Authorization: Bearer alk_…`; see `/auth/keys`.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "What `/auth/cookie` sets; what changes something needs our own `Origin`.",
    },
}


class Service(FastAPI):
    """FastAPI, with our boundary around its routes in place of its middleware.

    The boundary turns every error into a problem document, so Starlette's own error pages and
    exception handlers, which would be the second and the third to do so, are left out.
    """

    def __init__(
        self,
        *,
        report: Callable[[Exception], object],
        edge: Edge | None = None,
        **options: Any,  # noqa: ANN401 - FastAPI's own
    ) -> None:
        super().__init__(**options)
        self._report, self._edge = report, edge
        self.open_connections = OpenConnections(edge or Edge())
        """For the server, which sees them first."""

    def build_middleware_stack(self) -> ASGIApp:
        if self.user_middleware:
            message = "middleware is not run here: wrap the application, or extend RequestBoundary"
            raise TypeError(message)
        return RequestBoundary(Dispatch(self.router), report=self._report, edge=self._edge)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = get_openapi(
                title=self.title,
                version=self.version,
                description=self.description,
                routes=self.routes,
            )
            components = document.setdefault("components", {})
            components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
            components["securitySchemes"] = SECURITY_SCHEMES
            self.openapi_schema = document
        return self.openapi_schema


def create_app(settings: Settings | None = None) -> Service:
    """Build the service. Without settings they are read from the environment."""
    settings = settings or load_settings()
    configure_logging(level=settings.effective_log_level, json_lines=settings.is_production)
    container = build_container(settings)
    health = HealthController(container.engine().why_not, container.readiness().why_not)
    fair_use = container.fair_use()
    app = Service(
        report=_error_reporter(settings),
        edge=_edge(settings, fair_use),
        title=settings.app_name,
        version=settings.version,
        description="Errors are problem documents (RFC 9457); their `code` is stable.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(container, is_embedded=settings.events == "embedded"),
    )
    docs = DocsController(settings.app_name, app.openapi)
    modules = chain.from_iterable(container.routers())
    routers = [*modules, health_routes(health), problem_routes(docs)]
    if settings.shows_docs:
        routers.append(docs_routes(docs))
    gate = Gate(
        authenticate=container.user.authenticate_bearer(),
        browsers=container.browsers(),
        limiter=container.limiter(),
        fair_use=fair_use,
        kept=container.kept_answers(),
    )
    mount(app, routers, gate=gate)
    app.state.container = container
    return app


def create_metrics_app(container: ApplicationContainer) -> Service:
    """Build what shows the metrics of a process that serves nothing else."""
    settings = container.settings()
    app = Service(
        report=_error_reporter(settings),
        edge=Edge(
            body_seconds=settings.body_timeout_seconds,
            connections_per_client=settings.connections_per_client if settings.rate_limits else 0,
            fair_use=container.fair_use(),
        ),
        title=settings.app_name,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    routers = [metrics_routes(container.metrics_controller())]
    mount(app, routers, gate=Gate(authenticate=container.user.authenticate_bearer()))
    return app


def _edge(settings: Settings, fair_use: FairUse | None) -> Edge:
    return Edge(
        allowed_hosts=settings.allowed_hosts,
        cors_origins=settings.cors_origins,
        body_seconds=settings.body_timeout_seconds,
        is_https=settings.is_production,
        hsts_includes_subdomains=settings.hsts_include_subdomains,
        trusted_proxies=settings.trusted_proxies or (),
        connections_per_client=settings.connections_per_client if settings.rate_limits else 0,
        fair_use=fair_use,
    )


def _lifespan(
    container: ApplicationContainer, *, is_embedded: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        refuse_routes_without_access(app)  # once more: some may have come since they were mounted
        await container.database().open()
        # What was built at the start stays for good: the collector need not look at it again,
        # and a server makes garbage fast enough that rarer, larger rounds cost less in all.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        engine = container.engine()
        async with engine.running(ENDING.begin) if is_embedded else nullcontext():
            yield
        container.hasher().close()
        await container.wake().close()
        await container.limiter().close()
        await container.database().close()

    return lifespan


def _error_reporter(settings: Settings) -> Callable[[Exception], object]:
    """Return what is told of unexpected errors: Sentry, if there is one, besides the log."""
    if settings.sentry_dsn is None:
        return lambda _error: None
    import sentry_sdk  # noqa: PLC0415 - an optional extra

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.app_env,
        release=settings.version,
        include_local_variables=False,  # they hold passwords and tokens
        max_request_body_size="never",
        auto_enabling_integrations=False,  # they patch every library, for each request's price
    )
    return sentry_sdk.capture_exception
