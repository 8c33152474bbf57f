"""Puts a service together: it finds, checks and connects what the modules bring."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import chain
from typing import Any, Final

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Container, Object, Singleton

from app.config.module_settings import ModuleSettings
from app.config.settings import Settings
from app.core.events import EventRegistry
from app.core.exceptions import CompositionError
from app.core.http.mounts import Routes
from app.core.security import PERMISSION
from app.shared.application.seed import DemoData
from app.shared.domain.jobs import Job

THE_BASE: Final = "the base"
AnyContainer = Any  # the provider's instance is not of the class, and finds its providers by name
_NAME: Final = re.compile(r"[a-z][a-z_]*")


def modules_of(container: AnyContainer) -> dict[str, Any]:
    """Return the containers of the modules, of a container or of its class, by their names."""
    return {
        name: provider.container
        for name, provider in container.providers.items()
        if isinstance(provider, Container)
    }


def parts_of(container: AnyContainer) -> dict[str, Any]:
    """Return the modules' containers, and last the base, which brings routes and handlers too."""
    return {**modules_of(container), THE_BASE: container}


def settings_of(container: type[DeclarativeContainer]) -> list[type[ModuleSettings]]:
    """Return the settings classes of the modules, each once."""
    dependencies = (module.dependencies.values() for module in modules_of(container).values())
    wanted = (dependency.instance_of for dependency in chain.from_iterable(dependencies))
    return list(dict.fromkeys(kind for kind in wanted if issubclass(kind, ModuleSettings)))


def routers_of(container: AnyContainer) -> list[Routes]:
    """Return the routers of the modules and of the base. Raises CompositionError.

    They are created here and not with the container, because commands and workers do not use them.
    """
    found = {name: part.routers() for name, part in parts_of(container).items()}
    _raise_if(_of_routes(found, frozenset[str]().union(*container.permissions_of().values())))
    return list(chain.from_iterable(found.values()))


def compose(container: AnyContainer) -> None:
    """Connect the modules and build everything at once. Raises CompositionError.

    What is missing or does not fit stops the start, not a later request.
    """
    _raise_if(_of_names(container))
    _raise_if(_of_dependencies(container))
    _raise_if(_of_roles(container))
    container.permissions_of.override(Object(_permissions_of_roles(container)))
    container.check_dependencies()
    for provider in container.traverse(types=[Singleton]):
        provider()
    registry, parts = container.registry(), parts_of(container).values()
    for part in parts:
        registry.publish(part.events())
    for part in parts:
        handlers = [handler for handler in part.handlers() if handler is not None]
        registry.subscribe(handlers, unit_of_work=part.providers.get("uow"))
    _raise_if(_of_jobs(container, {kind.type for kind in registry.jobs}))
    _raise_if(_of_queues(container.settings(), registry))


@asynccontextmanager
async def opened(
    container: AnyContainer, *, if_engine_ends: Callable[[], object] | None = None
) -> AsyncIterator[None]:
    """Open everything that the container has while the block runs.

    With `if_engine_ends` events are delivered too; it is called if the engine ends before the
    block.
    """
    async with AsyncExitStack() as stack:
        found = reversed(parts_of(container).values())  # modules need what the base has
        for resource in chain.from_iterable(part.resources() for part in found):
            stack.push_async_callback(resource.close)
            await resource.open()
        if if_engine_ends is not None:
            await stack.enter_async_context(container.engine().running(if_engine_ends))
        yield


async def seeded(container: AnyContainer) -> AsyncIterator[str]:
    """Write the demo data of all modules; yield a sentence about each."""
    demo = DemoData()
    for seed in chain.from_iterable(part.seeds() for part in parts_of(container).values()):
        yield await seed(demo)


def _raise_if(problems: Iterator[str]) -> None:
    if found := list(problems):
        raise CompositionError("\n".join(found))


def _of_queues(settings: Settings, registry: EventRegistry) -> Iterator[str]:
    """Say which handlers have no queue, and whether there are connections for all places."""
    holding = set()
    for handler in registry.handlers:
        queue = handler.subscription.queue_name
        if queue not in settings.all_queues:
            yield (
                f"{handler.id}: there is no queue {queue!r}; name one of "
                f"{', '.join(settings.all_queues)}, or give it places: EVENT_QUEUES={queue}=2"
            )
        if handler.subscription.transactional:
            holding.add(queue)
    places = sum(count for queue, count in settings.queues.items() if queue in holding)
    needed = settings.event_concurrency if settings.events == "celery" else places
    if needed > settings.database_pool_size and settings.database.get_backend_name() != "sqlite":
        yield (
            f"{needed} transactional handlers may run at once, each with a connection, and "
            f"DATABASE_POOL_SIZE is {settings.database_pool_size}; raise it, or lower "
            "EVENT_CONCURRENCY or the places of EVENT_QUEUES"
        )


def _of_names(container: AnyContainer) -> Iterator[str]:
    modules = modules_of(container)
    for kind in container.declarative_parent.__mro__:
        for name, provider in getattr(kind, "cls_providers", {}).items():
            if name in modules and not isinstance(provider, Container):
                yield (
                    f"{name}: a module in app/container.py has this name, but {kind.__name__} "
                    "uses it for something else; rename the module"
                )


def _of_dependencies(container: AnyContainer) -> Iterator[str]:
    for name, module in modules_of(container).items():
        kind = module.declarative_parent
        for asked, dependency in module.dependencies.items():
            if not dependency.is_defined:
                yield (
                    f"{name}: nothing provides `{asked}`, which {kind.__name__} depends on; "
                    f"add it in app/container.py: {name} = module({kind.__name__}, {asked}=…)"
                )


def _of_roles(container: AnyContainer) -> Iterator[str]:
    """Return the problems of the roles and the permissions that the parts declare."""
    declared, owners = defaultdict(list), defaultdict(list)
    for name, part in parts_of(container).items():
        for role in map(str, part.roles()):
            declared[role].append(name)
        for permission in set(chain.from_iterable(part.permissions().values())):
            owners[permission].append(name)
    for role, names in declared.items():
        if not _NAME.fullmatch(role):
            yield f"{names[0]}: the role {role!r} must be a name in lower case, like `accountant`"
        yield from _of_one_owner(f"the role {role!r}", names)
    for permission, names in owners.items():
        if not re.fullmatch(PERMISSION, permission):
            yield (
                f"{names[0]}: the permission {permission!r} must be like `invoice:write`, "
                "in lower case"
            )
        yield from _of_one_owner(f"the permission {permission!r}", names)
    for name, part in parts_of(container).items():
        for role in part.permissions().keys() - declared.keys():
            yield (
                f"{name}: gives permissions to the role {str(role)!r}, which no module declares; "
                f"declare it in `roles`, or name one of: {', '.join(sorted(declared))}"
            )


def _of_one_owner(what: str, names: list[str]) -> Iterator[str]:
    if len(names) > 1:
        yield f"{what} belongs to {' and to '.join(names)}; give it another name in one of them"


def _of_routes(routers: dict[str, list[Routes]], known: frozenset[str]) -> Iterator[str]:
    """Return the addresses that exist twice, and those that no role could call."""
    owners = defaultdict(list)
    for name, its_routers in routers.items():
        for address, access in chain.from_iterable(router.accesses() for router in its_routers):
            owners[address].append(name)
            if (demanded := access.permission) and demanded not in known:
                yield (
                    f"{name}: {address} requires {demanded!r}, which no role has; "
                    "give it to a role in `permissions`, or correct the name"
                )
    for address, names in owners.items():
        if len(names) > 1:
            yield f"{address} is a route of {' and of '.join(names)}; give one another path"


def _of_jobs(container: AnyContainer, handled: set[str]) -> Iterator[str]:
    """Say which jobs of a module's package nobody handles: enqueued, they would never run."""
    for name, module in modules_of(container).items():
        package, _, file = module.declarative_parent.__module__.rpartition(".")
        for kind in _jobs() if file == "container" else ():
            if kind.__module__.startswith(f"{package}.") and kind.type not in handled:
                yield (
                    f"{name}: nothing handles the job {kind.type!r} of {kind.__module__}; name a "
                    f"handler with @job({kind.__name__}) in `handlers` of {name}'s container"
                )


def _jobs(base: type[Job[Any]] = Job) -> Iterator[type[Job[Any]]]:
    for kind in base.__subclasses__():
        if "type" in vars(kind):
            yield kind
        yield from _jobs(kind)


def _permissions_of_roles(container: AnyContainer) -> dict[str, frozenset[str]]:
    """Join what the parts declare: the permissions of each role."""
    parts = parts_of(container).values()
    roles = chain.from_iterable(part.roles() for part in parts)
    return {
        str(role): frozenset(
            chain.from_iterable(part.permissions().get(role, ()) for part in parts)
        )
        for role in roles
    }
