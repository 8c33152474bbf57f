"""The web application."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from fastapi import FastAPI

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.admission import Admission
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.rate_limit import RateLimit
from app.core.http.route_guard import RouteGuard
from app.core.http.service import Service
from app.core.logging import configure_logging
from app.core.shutdown import SHUTDOWN
from app.shared.composition import opened, routers_of
from app.shared.presentation.docs import DocsController, docs_routes, problem_routes
from app.shared.presentation.health import HealthController, health_routes
from app.shared.presentation.metrics import metrics_routes

log = structlog.get_logger(__name__)


def create_app(
    settings: Settings | None = None, kind: type[ApplicationContainer] = ApplicationContainer
) -> Service:
    """Build the service and its log. Without settings they are read from the environment."""
    settings = settings or kind.load_settings()
    configure_logging(level=settings.effective_log_level, json_lines=settings.is_production)
    return build_app(settings, kind)


def build_app(settings: Settings, kind: type[ApplicationContainer]) -> Service:
    """Build the service. Raises CompositionError if modules or routes do not fit."""
    container = kind.build(settings)
    health = HealthController(*_why_not(container), is_stopping=lambda: SHUTDOWN.is_begun)
    rate_limit = container.rate_limit()
    app = Service(
        report=_error_reporter(settings),
        ingress=_ingress(settings, rate_limit, container.admission()),
        guard=RouteGuard(
            authenticate=container.user.authenticate_bearer(),
            cookie_authentication=container.user.cookie_authentication(),
            limiter=container.limiter(),
            rate_limit=rate_limit,
            idempotency_store=container.idempotency_store(),
        ),
        title=settings.app_name,
        version=settings.version,
        description="Errors are problem documents (RFC 9457); their `code` is stable.",
        lifespan=_lifespan(container, is_embedded=settings.events == "embedded"),
    )
    docs = DocsController(settings.app_name, app.openapi)
    app.add(*routers_of(container), health_routes(health), problem_routes(docs))
    if settings.shows_docs:
        app.add(docs_routes(docs))
    app.state.container = container
    kind.extend(app)
    app.refuse_routes_without_access()
    return app


def create_metrics_app(container: ApplicationContainer) -> Service:
    """Build the application that shows the health and the metrics of a worker or relay."""
    settings = container.settings()
    app = Service(
        report=_error_reporter(settings),
        ingress=IngressPolicy(
            body_seconds=settings.body_timeout_seconds,
            connections_per_client=settings.connections_per_client if settings.rate_limits else 0,
            rate_limit=container.rate_limit(),
        ),
        title=settings.app_name,
    )
    health = HealthController(*_why_not(container))
    app.add(health_routes(health), metrics_routes(container.metrics_controller()))
    return app


def _why_not(container: ApplicationContainer) -> tuple[Callable[[], Awaitable[str | None]], ...]:
    """Return what says whether a process can do its work."""
    return container.engine().why_not, container.readiness().why_not


def _ingress(
    settings: Settings, rate_limit: RateLimit | None, admission: Admission
) -> IngressPolicy:
    return IngressPolicy(
        allowed_hosts=settings.allowed_hosts,
        cors_origins=settings.cors_origins,
        body_seconds=settings.body_timeout_seconds,
        is_https=settings.is_production,
        hsts_includes_subdomains=settings.hsts_include_subdomains,
        root_path=settings.root_path,
        trusted_proxies=settings.trusted_proxies or (),
        connections_per_client=settings.connections_per_client if settings.rate_limits else 0,
        rate_limit=rate_limit,
        admission=admission,
    )


def _lifespan(
    container: ApplicationContainer, *, is_embedded: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        container.tracing().start()  # now, so that its objects are frozen too
        # Objects of the start live for ever, so the garbage collector need not check them again. A
        # server produces so much garbage that fewer, larger collections cost less in total.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        async with opened(container, if_engine_ends=SHUTDOWN.request if is_embedded else None):
            yield

    return lifespan


def _error_reporter(settings: Settings) -> Callable[[Exception], object]:
    """Return the function that reports unexpected errors: to Sentry if it is set up."""
    if settings.sentry_dsn is None:
        return lambda _error: None
    import sentry_sdk  # noqa: PLC0415 - an optional extra

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.app_env,
        release=settings.version,
        include_local_variables=False,  # they contain passwords and tokens
        max_request_body_size="never",
        auto_enabling_integrations=False,  # they patch every library, which slows down each request
    )
    return sentry_sdk.capture_exception
