"""The composition root: everything is put together here, once, when the service starts."""

import datetime as dt
from itertools import chain
from typing import Any, NoReturn

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import (
    Callable,
    Container,
    Dependency,
    Factory,
    List,
    Singleton,
)
from pydantic import SecretStr

from app import parts
from app.config.database import create_database
from app.config.settings import Settings
from app.core.browsers import Browsers
from app.core.cursors import Cursors
from app.core.events import EventRegistry
from app.core.passwords import PasswordHasher
from app.core.security import AccessTokens
from app.modules.task import container as task_module
from app.modules.user import container as user_module
from app.modules.user.domain.sessions import SessionLimits
from app.shared.application.base_usecase import SystemClock
from app.shared.application.events import ListDeliveries
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.migrate import Readiness
from app.shared.infrastructure.events.backlog import Backlog
from app.shared.infrastructure.events.distributed.chunk import Chunk
from app.shared.infrastructure.events.engine import Engine
from app.shared.infrastructure.events.inspection import Inspection
from app.shared.infrastructure.events.metrics import Scrape
from app.shared.infrastructure.events.owners import this_process
from app.shared.infrastructure.events.replay import Replay
from app.shared.infrastructure.events.retention import ForgetDeliveries, ForgetEvents
from app.shared.infrastructure.events.runner import Runner
from app.shared.infrastructure.events.steering import Steering
from app.shared.infrastructure.idempotency import ForgetAnswers, SqlKeptAnswers
from app.shared.infrastructure.kept_bytes import KeptBytes
from app.shared.presentation.events import EventController, event_routes
from app.shared.presentation.metrics import MetricsController, metrics_routes

# One line per module, here and in the class below.
MODULES = (user_module, task_module)
# What the base itself adds to the roles.
PERMISSIONS = {"admin": {"event:admin"}}


def _permissions_of_roles() -> dict[str, frozenset[str]]:
    """Join what the modules and the base declare: which permissions each role brings."""
    declared = [PERMISSIONS, *(module.PERMISSIONS for module in MODULES)]
    roles = {str(role) for permissions in declared for role in permissions}
    return {
        role: frozenset(chain.from_iterable(each.get(role, ()) for each in declared))
        for role in roles
    }


def _metrics_token(settings: Settings) -> str | None:
    return settings.metrics_token.get_secret_value() if settings.metrics_token else None


def _session_limits(settings: Settings) -> SessionLimits:
    return SessionLimits(
        idle=dt.timedelta(days=settings.session_idle_days),
        in_all=dt.timedelta(days=settings.session_max_days),
        at_once=settings.sessions_per_account,
    )


class ApplicationContainer(DeclarativeContainer):
    settings = Dependency(instance_of=Settings)

    clock = Singleton(SystemClock)
    database = Singleton(create_database, settings)
    hasher = Singleton(
        PasswordHasher,
        memory_kib=settings.provided.password_memory_kib,
        passes=settings.provided.password_passes,
    )
    tokens = Singleton(
        AccessTokens,
        keys=settings.provided.signing_keys,
        algorithm=settings.provided.jwt_algorithm,
        issuer=settings.provided.app_name,
        lifetime=Callable(lambda s: dt.timedelta(minutes=s.jwt_expire_minutes), settings),
        now=clock.provided.now,
    )
    cursors = Singleton(Cursors, settings.provided.jwt_secret_key.get_secret_value.call())
    limiter = Singleton(parts.limiter, settings)
    fair_use = Callable(parts.fair_use, settings)
    kept_bytes = Singleton(KeptBytes, settings.provided.quota_kept_answer_bytes)
    kept_answers = Singleton(SqlKeptAnswers, database, kept_bytes)
    readiness = Singleton(Readiness, database)
    registry = Singleton(EventRegistry)
    wake = Singleton(parts.wake, settings)
    runner = Singleton(
        Runner,
        database=database,
        registry=registry,
        owner=Callable(this_process),
        lease=settings.provided.event_lease_seconds,
    )
    celery = Singleton(parts.celery, settings)
    executor = Singleton(
        parts.executor,
        settings,
        database=database,
        registry=registry,
        runner=runner,
        wake=wake,
        celery=celery,
    )
    chunk = Factory(
        Chunk,
        database=database,
        runner=runner,
        wake=wake,
        concurrency=settings.provided.event_concurrency,
    )
    engine = Singleton(
        Engine,
        database=database,
        registry=registry,
        runner=runner,
        executor=executor,
        wake=wake,
    )
    backlog = Singleton(Backlog, database=database, registry=registry)
    inspection = Singleton(Inspection, database=database, registry=registry)
    steering = Singleton(
        Steering, database=database, registry=registry, inspection=inspection, wake=wake
    )
    replay = Singleton(Replay, database=database, registry=registry, wake=wake)
    event_controller = Singleton(
        EventController,
        list_deliveries=Singleton(ListDeliveries, inspection=inspection, cursors=cursors),
        inspection=inspection,
        backlog=backlog,
        steering=steering,
        replaying=replay,
    )
    metrics_controller = Singleton(
        MetricsController,
        token=Callable(_metrics_token, settings),
        scrape=Singleton(Scrape, backlog.provided.lag),
    )
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

    mailer = Singleton(parts.mailer, settings, limiter)

    user = Container(
        user_module.UserContainer,
        database=database,
        registry=registry,
        wake=wake,
        clock=clock,
        hasher=hasher,
        tokens=tokens,
        session_limits=Singleton(_session_limits, settings),
        key_limits=Singleton(parts.key_limits, settings),
        signing_keys=settings.provided.signing_keys,
        limiter=limiter,
        failure_limits=Callable(parts.failure_limits, settings),
        failed_credentials=Singleton(parts.failed_credentials, settings),
        password_rules=Singleton(parts.password_rules, settings),
        token_lifetimes=Singleton(parts.token_lifetimes, settings),
        keep_registrations=Callable(
            lambda s: dt.timedelta(days=s.registration_keep_days), settings
        ),
        verified_at_once=Callable(parts.verified_at_once, settings),
        mailer=mailer,
        signed_by=settings.provided.app_name,
        links_begin_with=settings.provided.links_begin_with,
        permissions_of=Singleton(_permissions_of_roles),
    )
    task = Container(
        task_module.TaskContainer,
        database=database,
        registry=registry,
        wake=wake,
        clock=clock,
        cursors=cursors,
        bin_keep=Callable(lambda s: dt.timedelta(days=s.bin_keep_days), settings),
        quotas=Singleton(parts.task_quotas, settings),
        limiter=limiter,
        has_active_user=user.has_active_user.provided.execute,
        find_contact=user.find_contact.provided.execute,
        mailer=mailer,
        webhook=Singleton(parts.webhook, settings, clock),
        signed_by=settings.provided.app_name,
        links_begin_with=settings.provided.links_begin_with,
    )
    browsers = Singleton(
        Browsers, user.authenticate.provided.by_cookie, settings.provided.trusted_origins
    )
    routers = List(
        user.routers,
        task.routers,
        List(
            Singleton(event_routes, event_controller),
            Singleton(metrics_routes, metrics_controller),
        ),
    )


def build_container(settings: Settings) -> ApplicationContainer:
    """Put the service together."""
    return built(ApplicationContainer(settings=settings))


def _no_unit_of_work() -> NoReturn:
    message = "the base's own handlers have no unit of work: they are not transactional"
    raise TypeError(message)


def registry_of_all(settings: Settings) -> EventRegistry:
    """Return all events and handlers, those too that only a setting brings."""
    everything = {
        "external_api_url": "https://hooks.example.com",
        "external_api_key": SecretStr("whsec_bm90IHVzZWQsIGl0IGlzIG9ubHkgdGhlcmU="),
    }
    return build_container(settings.model_copy(update=everything)).registry()


def built(container: ApplicationContainer) -> ApplicationContainer:
    """Build everything at once: what is missing or does not fit stops the start, right here."""
    container.check_dependencies()
    for provider in container.traverse(types=[Singleton]):
        provider()
    modules: list[Any] = [container.user, container.task]
    registry = container.registry()
    registry.publish([ScheduleTick])
    for module in modules:
        registry.publish(module.events())
    registry.subscribe(container.handlers(), unit_of_work=_no_unit_of_work)
    for module in modules:
        registry.subscribe(module.handlers(), unit_of_work=module.uow)
    return container
