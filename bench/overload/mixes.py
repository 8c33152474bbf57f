"""Three kinds of work that can be too much: for the processor, the database, and for passwords."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import httpx2

from bench.overload.service import SLEEP_PATH
from tests.support.people import PASSWORD

PEOPLE: Final = 20
WRITERS: Final = 4
NOTES: Final = 100
DRAFT: Final = {"title": "Lay the foundation", "text": "As drawn, and before the frost."}
SIGN_IN: Final = "/api/v1/auth/token"
POOL_SIZE: Final = 5
HEALTH: Final = b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n"
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Mix:
    """Some requests, and how many callers get the most out of the service with them."""

    name: str
    requests: list[bytes]
    callers: int


def post(path: str, media_type: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: test\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, token: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n"
    return head.encode()


REFRESH: Final = post("/api/v1/auth/refresh", _JSON, b'{"refresh_token":"unknown"}')


async def mixes(port: int, *, people: int = PEOPLE) -> list[Mix]:
    """Register people, write notes of some of them, and return what to send."""
    forms = [form_of(number) for number in range(people)]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for form in forms:
            account = {"email": form["username"], "password": PASSWORD, "full_name": "Ana"}
            answer = await client.post("/api/v1/auth/register", json=account)
            answer.raise_for_status()
        tokens = await signed_in(client, min(people, WRITERS))
        for token in tokens:
            for _ in range(NOTES):
                await client.post("/api/v1/notes", json=DRAFT, headers=bearer(token))
    return [
        Mix("reads", reads(tokens), 8),
        Mix("database", [get(SLEEP_PATH, token) for token in tokens], 2 * POOL_SIZE),
        Mix("sign-ins", [post(SIGN_IN, _FORM, urlencode(form).encode()) for form in forms], 4),
    ]


def form_of(number: int) -> dict[str, str]:
    return {"username": f"person-{number}@example.com", "password": PASSWORD}


async def signed_in(client: httpx2.AsyncClient, people: int = WRITERS) -> list[str]:
    """Return new tokens of those who have notes."""
    answers = [await client.post(SIGN_IN, data=form_of(number)) for number in range(people)]
    return [answer.raise_for_status().json()["access_token"] for answer in answers]


def reads(tokens: list[str]) -> list[bytes]:
    return [get(f"/api/v1/notes?limit={NOTES}", token) for token in tokens]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
