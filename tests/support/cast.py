"""The callers in the tests of access, and the users with whom an owner may share."""

from dataclasses import dataclass
from typing import Final

import httpx2

from app.core.http.service import Service
from tests.support.people import Person

NOBODY, DISABLED, OTHER = "nobody", "a disabled account", "somebody else"
PLAIN = "a user with no other role"
COLLEAGUE, OWNER, ADMIN = "a colleague of the owner", "the owner", "an administrator"
EVERYBODY: Final = frozenset({NOBODY, DISABLED, PLAIN, OTHER, COLLEAGUE, OWNER, ADMIN})


@dataclass
class Cast:
    """All callers, with the service that they call."""

    service: Service
    client: httpx2.AsyncClient
    people: dict[str, Person]

    @property
    def owner(self) -> Person:
        return self.people[OWNER]
