"""The registry of events: what the service publishes, checked before it starts."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

_NAME: Final = re.compile(r"[a-z_]+\.[a-z_]+")


class PublishedEvent(Protocol):
    """An event class, as far as the registry cares: `type` is `<module>.<fact>`."""

    type: str
    schema_version: int


class EventRegistry:
    """All event classes by their stable names.

    Raises ValueError if a name is not `<module>.<fact>` or is taken twice: stored events are read
    again by their names, for years.
    """

    def __init__(self, kinds: Iterable[type[PublishedEvent]]) -> None:
        self._kinds: dict[str, type[PublishedEvent]] = {}
        for kind in kinds:
            if not _NAME.fullmatch(kind.type):
                message = f"{kind.__name__}: {kind.type!r} is not <module>.<fact>"
                raise ValueError(message)
            if kind.type in self._kinds:
                message = f"{kind.__name__} and {self._kinds[kind.type].__name__}: both {kind.type}"
                raise ValueError(message)
            self._kinds[kind.type] = kind

    def __getitem__(self, name: str) -> type[PublishedEvent]:
        """Return the class of an event. Raises KeyError for one that is not known."""
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)
