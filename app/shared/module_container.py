"""What a module's container may bring. The base finds it there, and nothing else lists modules.

class InvoiceContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()            # what the base offers, by its name
    find_contact: Dependency[FindContact] = Dependency()     # what `app/container.py` hands over
    settings: Dependency[InvoiceSettings] = Dependency(instance_of=InvoiceSettings)

    reader: Singleton[InvoiceReader] = Singleton(SqlInvoiceReader, database=database)
    roles = Object(("accountant",))
    permissions = Object({"accountant": {"invoice:write"}})

Providers are typed, so that `make types` finds a reader that lacks a method.
"""

from collections.abc import Collection, Mapping, Sequence

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import List, Object, Provider

from app.core.events import PublishedEvent


class ModuleContainer(DeclarativeContainer):
    """Nothing, as long as the module brings nothing."""

    roles: Object[Sequence[str]] = Object(())
    """The names of the roles that it declares; accounts may have those of any module."""
    permissions: Object[Mapping[str, Collection[str]]] = Object({})
    """What its own permissions are, each with all roles that have it: role to permissions."""
    routers: Provider[list[object]] = List()
    """Functions of its controllers: each an ApiRouter, or a MountedRouter, MountedApp or
    MountedWebSocket of `core/http/mounts.py`."""
    events: Object[Sequence[type[PublishedEvent]]] = Object(())
    """The classes of the events that it publishes."""
    handlers: Provider[list[object]] = List()
    """What is called for events and at times; transactional ones with its `uow`."""
    seeds: Provider[list[object]] = List()
    """What writes its demo data: each a Seed."""
    resources: Provider[list[object]] = List()
    """What is to be opened and closed: each a Resource."""
