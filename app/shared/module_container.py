"""What a module's container may bring. The base finds it there; no other file lists modules.

class InvoiceContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()            # what the base offers, by its name
    find_contact: Dependency[FindContact] = Dependency()     # what `app/container.py` passes
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
    """The base class of a module's container; its attributes are empty by default."""

    roles: Object[Sequence[str]] = Object(())
    """The names of the roles that the module declares; accounts may have roles of any module."""
    permissions: Object[Mapping[str, Collection[str]]] = Object({})
    """The permissions of each role, from this module."""
    routers: Provider[list[object]] = List()
    """Functions of its controllers.

    Each is an ApiRouter, or a MountedRouter, MountedApp or MountedWebSocket of
    `core/http/mounts.py`.
    """
    events: Object[Sequence[type[PublishedEvent]]] = Object(())
    """The classes of the events that it publishes."""
    handlers: Provider[list[object]] = List()
    """Its event handlers and schedules; transactional ones get its `uow`. None stands for one that
    the settings switch off."""
    seeds: Provider[list[object]] = List()
    """Objects that write its demo data: each a Seed."""
    resources: Provider[list[object]] = List()
    """Objects that must be opened and closed: each a Resource."""
