"""The base of every service: `app/container.py` derives from it and adds modules."""

import datetime as dt
from typing import Any, Self, TypeVar, cast

from dependency_injector.errors import NonCopyableArgumentError
from dependency_injector.providers import (
    Callable,
    Container,
    Dependency,
    Factory,
    List,
    Object,
    Provider,
    Singleton,
    deepcopy,
)

from app.config.database import create_database
from app.config.module_settings import ModuleSettings
from app.config.settings import Settings, load_settings
from app.core.admission import Admission
from app.core.cursors import Cursors
from app.core.events import EventRegistry
from app.core.exceptions import CompositionError
from app.core.http.rate_limit import RateLimit
from app.core.http.service import Service
from app.core.identity.passwords import PasswordHasher
from app.core.limits import Limiter
from app.core.security import AccessTokens
from app.shared import composition, factories
from app.shared.application.base_usecase import Clock, SystemClock
from app.shared.application.email import Mailer
from app.shared.application.events import (
    DeliveryOperations,
    EventBacklog,
    EventInspection,
    EventReplay,
)
from app.shared.application.jobs import JobTracking
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.migrate import Readiness
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.events.delivery.celery.delivery_batch import DeliveryBatch
from app.shared.infrastructure.events.delivery.engine import Engine, Executor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.retention import ForgetDeliveries, ForgetEvents
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.events.delivery.worker_ids import this_worker_id
from app.shared.infrastructure.events.operations.backlog import Backlog
from app.shared.infrastructure.events.operations.delivery_operations import SqlDeliveryOperations
from app.shared.infrastructure.events.operations.inspection import Inspection
from app.shared.infrastructure.events.operations.jobs import SqlJobTracking
from app.shared.infrastructure.events.operations.metrics import Scrape
from app.shared.infrastructure.events.operations.replay import Replay
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.external.guarded_transport import GuardedTransport
from app.shared.infrastructure.external.http_client import GuardedHttpClient
from app.shared.infrastructure.external.retry_budget import RetryBudget
from app.shared.infrastructure.idempotency import ForgetAnswers, SqlIdempotencyStore
from app.shared.infrastructure.idempotency_quota import IdempotencyQuota
from app.shared.infrastructure.tracing.lifecycle import Tracing
from app.shared.module_container import ModuleContainer
from app.shared.presentation.events import EventController, event_routes
from app.shared.presentation.jobs import JobController, job_routes
from app.shared.presentation.metrics import MetricsController, metrics_routes

M = TypeVar("M", bound=ModuleContainer)


class BaseContainer(ModuleContainer):
    """Modules can use its providers by their names."""

    settings: Dependency[Settings] = Dependency(instance_of=Settings)
    permissions_of: Dependency[dict[str, frozenset[str]]] = Dependency(instance_of=dict)
    """The permissions of each role, from all modules."""

    app_name = settings.provided.app_name
    links_begin_with = settings.provided.links_begin_with
    root_path = settings.provided.root_path
    signing_keys = settings.provided.signing_keys
    trusted_origins = settings.provided.trusted_origins
    keeps_mail_here: Callable[bool] = Callable(factories.keeps_mail_here, settings)

    tracing: Singleton[Tracing] = Singleton(factories.tracing, settings)
    clock: Singleton[Clock] = Singleton(SystemClock)
    admission: Singleton[Admission] = Singleton(Admission)
    postgres: Factory[PostgresDatabase] = Factory(PostgresDatabase, admission=admission)
    database: Singleton[Database] = Singleton(create_database, settings, postgres.provider)
    hasher: Singleton[PasswordHasher] = Singleton(
        PasswordHasher,
        memory_kib=settings.provided.password_memory_kib,
        passes=settings.provided.password_passes,
    )
    tokens: Singleton[AccessTokens] = Singleton(
        AccessTokens,
        keys=signing_keys,
        algorithm=settings.provided.jwt_algorithm,
        issuer=app_name,
        lifetime=Callable(lambda s: dt.timedelta(minutes=s.jwt_expire_minutes), settings),
        now=clock.provided.now,
    )
    cursors: Singleton[Cursors] = Singleton(
        Cursors, settings.provided.jwt_secret_key.get_secret_value.call()
    )
    limiter: Singleton[Limiter] = Singleton(factories.limiter, settings)
    local_limiter: Singleton[Limiter] = Singleton(factories.local_limiter, settings)
    rate_limit: Callable[RateLimit | None] = Callable(factories.rate_limit, settings)
    mailer: Singleton[Mailer] = Singleton(factories.mailer, settings, limiter)
    http_client: Singleton[GuardedHttpClient] = Singleton(
        GuardedHttpClient,
        Singleton(GuardedTransport),
        Singleton(CircuitBreaker),
        Singleton(RetryBudget),
    )

    idempotency_quota: Singleton[IdempotencyQuota] = Singleton(
        IdempotencyQuota, settings.provided.quota_idempotency_bytes
    )
    idempotency_store: Singleton[SqlIdempotencyStore] = Singleton(
        SqlIdempotencyStore, database, idempotency_quota
    )
    readiness: Singleton[Readiness] = Singleton(Readiness, database)

    registry: Singleton[EventRegistry] = Singleton(EventRegistry)
    notifier: Singleton[Notifier] = Singleton(factories.notifier, settings)
    runner: Singleton[Runner] = Singleton(
        Runner,
        database=database,
        registry=registry,
        worker_id=Callable(this_worker_id),
        lease=settings.provided.event_lease_seconds,
    )
    celery: Singleton[Any] = Singleton(factories.celery, settings)
    executor: Singleton[Executor] = Singleton(
        factories.executor,
        settings,
        database=database,
        registry=registry,
        runner=runner,
        notifier=notifier,
        celery=celery,
    )
    delivery_batch: Factory[DeliveryBatch] = Factory(
        DeliveryBatch,
        database=database,
        registry=registry,
        runner=runner,
        notifier=notifier,
        concurrency=settings.provided.event_concurrency,
    )
    engine: Singleton[Engine] = Singleton(
        Engine,
        database=database,
        registry=registry,
        runner=runner,
        executor=executor,
        notifier=notifier,
    )
    backlog: Singleton[EventBacklog] = Singleton(Backlog, database=database, registry=registry)
    inspection: Singleton[EventInspection] = Singleton(
        Inspection, database=database, registry=registry, cursors=cursors
    )
    operations: Singleton[DeliveryOperations] = Singleton(
        SqlDeliveryOperations,
        database=database,
        registry=registry,
        inspection=inspection,
        notifier=notifier,
    )
    replay: Singleton[EventReplay] = Singleton(
        Replay, database=database, registry=registry, notifier=notifier
    )
    job_tracking: Singleton[JobTracking] = Singleton(
        SqlJobTracking, database=database, registry=registry, notifier=notifier
    )
    job_controller: Singleton[JobController] = Singleton(JobController, tracking=job_tracking)
    event_controller: Singleton[EventController] = Singleton(
        EventController,
        inspection=inspection,
        backlog=backlog,
        operations=operations,
        replaying=replay,
    )
    metrics_controller: Singleton[MetricsController] = Singleton(
        MetricsController,
        token=Callable(factories.metrics_token, settings),
        scrape=Singleton(Scrape, backlog.provided.lag),
    )

    permissions = Object(
        {
            "admin": {"event:admin", "job:read", "job:write"},
            "user": {"job:read", "job:write"},
        }
    )
    routers = List(
        Factory(event_routes, event_controller),
        Factory(job_routes, job_controller),
        Factory(metrics_routes, metrics_controller),
    )
    events = Object((ScheduleTick,))
    handlers = List(
        Singleton(
            ForgetDeliveries,
            database=database,
            keep=Callable(lambda s: dt.timedelta(hours=s.event_delivery_keep_hours), settings),
        ),
        Singleton(
            ForgetEvents,
            database=database,
            keep=Callable(lambda s: dt.timedelta(days=s.event_log_keep_days), settings),
        ),
        Singleton(
            ForgetAnswers,
            database=database,
            keep=Callable(lambda s: dt.timedelta(hours=s.idempotency_keep_hours), settings),
        ),
    )
    resources = List(tracing, admission, database, limiter, notifier, hasher, http_client)

    @classmethod
    def load_settings(cls, **overrides: object) -> Settings:
        """Read and check all settings, including those of the modules.

        Raises InvalidSettingsError.
        """
        return load_settings(composition.settings_of(cls), **overrides)

    @classmethod
    def extend(cls, app: Service) -> None:
        """Add middleware, error handlers and mounts of the project.

        `app.state.container` is the container of this class that the service was built with.
        """

    @classmethod
    def build(cls, settings: Settings, **replaced: Provider[Any]) -> Self:
        """Put the service together. Raises CompositionError if the modules do not fit.

        A test may replace providers by their names: `build(settings, clock=Object(clock))`.
        """
        container = cls(settings=settings, **replaced)
        composition.compose(container)
        return container


def module(kind: type[M], **given: object) -> M:
    """Add a module: one line of `app/container.py`.

    The module's Dependencies are filled with what the base offers, by name; with its settings, by
    class; and with the arguments given here, usually another module's use case. The attribute's
    name is the module's name. Raises CompositionError for an argument without a Dependency, and
    for a provider that cannot be copied into the service's container.
    """
    if unknown := given.keys() - kind.dependencies.keys():
        raise CompositionError(
            f"app/container.py gives {kind.__name__} `{', '.join(sorted(unknown))}`, for which "
            "it has no Dependency; declare one there, or remove the argument"
        )
    offered: dict[str, Any] = {}
    for name, dependency in kind.dependencies.items():
        wanted: type = getattr(dependency, "instance_of", object)
        if issubclass(wanted, ModuleSettings):
            offered[name] = Singleton(Settings.of, BaseContainer.settings, wanted)
        elif name in BaseContainer.providers:
            offered[name] = BaseContainer.providers[name]
    try:
        # A container inside a container passes attribute access on to its providers.
        return cast("M", Container(kind, **(offered | given)))
    except NonCopyableArgumentError as error:
        raise CompositionError(_of_uncopyable(kind)) from error


def _of_uncopyable(kind: type[ModuleContainer]) -> str:
    names = []
    for name, provider in kind.providers.items():
        try:
            deepcopy(provider)
        except NonCopyableArgumentError:
            names.append(name)
    return (
        f"{kind.__name__} has in `{', '.join(names)}` an object that cannot be copied, such as an "
        "application; create it in a function, and give the provider the function: Factory(pages)"
    )
