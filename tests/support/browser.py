"""A browser: a cookie, and an Origin that no page can choose."""

from dataclasses import dataclass
from typing import Any, Self

import httpx2

from tests.support.people import PASSWORD

OWN_ORIGIN = "http://localhost:8000"
COOKIE = "__Host-session"


@dataclass
class Browser:
    """Paths are below /api/v1."""

    client: httpx2.AsyncClient
    cookie: str
    origin: str | None = OWN_ORIGIN

    @classmethod
    async def sign_in(cls, client: httpx2.AsyncClient, email: str, **headers: str) -> Self:
        answer = await client.post(
            "/api/v1/auth/cookie",
            data={"username": email, "password": PASSWORD},
            headers={"Origin": OWN_ORIGIN, **headers},
        )
        assert answer.status_code == 204, answer.text
        value = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
        client.cookies.clear()  # each test says what is sent
        return cls(client, value)

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"Cookie": f"{COOKIE}={self.cookie}", **options.pop("headers", {})}
        if self.origin is not None:
            headers["Origin"] = self.origin
        answer = await self.client.request(method, f"/api/v1{path}", headers=headers, **options)
        self.client.cookies.clear()
        return answer

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx2.Response:
        return await self.request("POST", path, **options)
