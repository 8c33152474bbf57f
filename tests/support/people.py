"""The users of the tests."""

from dataclasses import dataclass
from typing import Any, Self

import httpx2

PASSWORD = "correct horse battery"


@dataclass
class Person:
    """A signed-in user. Paths are below /api/v1."""

    client: httpx2.AsyncClient
    access_token: str
    refresh_token: str
    id: str = ""
    password: str = PASSWORD

    @classmethod
    async def sign_in(
        cls, client: httpx2.AsyncClient, email: str, password: str = PASSWORD
    ) -> Self:
        form = {"username": email, "password": password}
        answer = await client.post("/api/v1/auth/token", data=form)
        assert answer.status_code == 200, answer.text
        pair = answer.json()
        person = cls(client, pair["access_token"], pair["refresh_token"], password=password)
        person.id = (await person.get("/users/me")).json()["id"]
        return person

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.access_token}", **options.pop("headers", {})}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.request("GET", path, **options)

    async def post(
        self,
        path: str,
        body: Any = None,
        *,
        version: int | str | None = None,
        key: str | None = None,
    ) -> httpx2.Response:
        """Send JSON; `version` becomes If-Match, and `key` Idempotency-Key."""
        return await self._write("POST", path, body, version, key)

    async def patch(
        self, path: str, body: Any = None, *, version: int | str | None = None
    ) -> httpx2.Response:
        return await self._write("PATCH", path, body, version)

    async def put(
        self, path: str, body: Any = None, *, version: int | str | None = None
    ) -> httpx2.Response:
        return await self._write("PUT", path, body, version)

    async def delete(self, path: str, *, version: int | str | None = None) -> httpx2.Response:
        return await self._write("DELETE", path, None, version)

    async def create(self, path: str, body: Any) -> dict[str, Any]:
        """Create something and return it."""
        answer = await self.post(path, body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def write_note(self, **fields: Any) -> dict[str, Any]:
        """Write a note and return it."""
        return await self.create("/notes", {"title": "Lay the foundation", **fields})

    async def _write(
        self, method: str, path: str, body: Any, version: int | str | None, key: str | None = None
    ) -> httpx2.Response:
        tag = f'"{version}"' if isinstance(version, int) else version
        sent = {"If-Match": tag, "Idempotency-Key": key}
        headers = {name: value for name, value in sent.items() if value is not None}
        options = {} if body is None else {"json": body}
        return await self.request(method, path, headers=headers, **options)
