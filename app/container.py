"""The composition root: everything is put together here, once, when the service starts."""

import datetime as dt
from itertools import chain

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Callable, Container, Dependency, List, Singleton

from app.config.database import create_database
from app.config.settings import Settings
from app.core.cursors import Cursors
from app.core.events import EventRegistry
from app.core.passwords import PasswordHasher
from app.core.security import AccessTokens
from app.modules.task import container as task_module
from app.modules.user import container as user_module
from app.modules.user.domain.entities import SessionLimits
from app.shared.application.base_usecase import SystemClock
from app.shared.infrastructure.database.migrate import Readiness

# One line per module, here and in the class below.
MODULES = (user_module, task_module)


def _permissions_of_roles() -> dict[str, frozenset[str]]:
    """Join what the modules declare: which permissions each role brings."""
    roles = {str(role) for module in MODULES for role in module.PERMISSIONS}
    return {
        role: frozenset(chain.from_iterable(m.PERMISSIONS.get(role, ()) for m in MODULES))
        for role in roles
    }


def _access_tokens(settings: Settings, clock: SystemClock) -> AccessTokens:
    return AccessTokens(
        key=settings.jwt_secret_key.get_secret_value(),
        algorithm=settings.jwt_algorithm,
        issuer=settings.app_name,
        lifetime=dt.timedelta(minutes=settings.jwt_expire_minutes),
        now=clock.now,
    )


def _session_limits(settings: Settings) -> SessionLimits:
    return SessionLimits(
        idle=dt.timedelta(days=settings.session_idle_days),
        in_all=dt.timedelta(days=settings.session_max_days),
    )


class ApplicationContainer(DeclarativeContainer):
    settings = Dependency(instance_of=Settings)

    clock = Singleton(SystemClock)
    database = Singleton(create_database, settings)
    hasher = Singleton(PasswordHasher)
    tokens = Singleton(_access_tokens, settings, clock)
    cursors = Singleton(Cursors, settings.provided.jwt_secret_key.get_secret_value.call())
    readiness = Singleton(Readiness, database)

    user = Container(
        user_module.UserContainer,
        database=database,
        clock=clock,
        hasher=hasher,
        tokens=tokens,
        session_limits=Singleton(_session_limits, settings),
        verified_at_once=Callable(lambda s: s.app_env == "development", settings),
        permissions_of=Singleton(_permissions_of_roles),
    )
    task = Container(
        task_module.TaskContainer,
        database=database,
        clock=clock,
        cursors=cursors,
        bin_keep=Callable(lambda s: dt.timedelta(days=s.bin_keep_days), settings),
        has_active_user=user.has_active_user.provided.execute,
    )
    routers = List(user.routers, task.routers)
    events = Singleton(
        lambda *kinds: EventRegistry(chain.from_iterable(kinds)), user.events, task.events
    )


def build_container(settings: Settings) -> ApplicationContainer:
    """Put the service together."""
    return built(ApplicationContainer(settings=settings))


def built(container: ApplicationContainer) -> ApplicationContainer:
    """Build everything at once: what is missing or does not fit stops the start, right here."""
    container.check_dependencies()
    for provider in container.traverse(types=[Singleton]):
        provider()
    return container
