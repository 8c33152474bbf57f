"""Password guessing is stopped, and no owner is locked out for long."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from app.core.http.service import Service
from app.core.identity.passwords import PasswordHasher
from app.core.limits import MINUTE, Limit
from app.modules.user.application.usecases import issue_tokens
from app.modules.user.domain.events import PasswordResetRequested
from tests.support.people import PASSWORD
from tests.support.published import published_from_now_on
from tests.support.watch import Watch

SignIn = Callable[..., Awaitable[httpx2.Response]]

WRONG = "wrong horse battery"


@pytest.fixture
async def accounts(limited: httpx2.AsyncClient) -> None:
    for name in ("ana", "bruno"):
        account = {"email": f"{name}@example.com", "password": PASSWORD, "full_name": "A Person"}
        answer = await limited.post("/api/v1/auth/register", json=account)
        assert answer.status_code == 202


@pytest.fixture
def sign_in(limited: httpx2.AsyncClient, accounts: None) -> SignIn:
    async def sign_in(
        password: str, email: str = "ana@example.com", *, of: str = "192.0.2.1"
    ) -> httpx2.Response:
        form = {"username": email, "password": password}
        headers = {"x-forwarded-for": of}
        return await limited.post("/api/v1/auth/token", data=form, headers=headers)

    return sign_in


def addresses() -> list[str]:
    return [f"198.51.100.{last}" for last in range(1, 200)]


async def test_after_ten_failures_a_correct_password_is_refused_until_the_oldest_expires(
    sign_in: SignIn, watch: Watch
) -> None:
    for address in addresses()[:10]:
        assert (await sign_in(WRONG, of=address)).status_code == 400
        watch.seconds += 10
    for spelled in ("ana@example.com", "ANA@Example.com", " \uff41na@example.com"):
        answer = await sign_in(PASSWORD, spelled, of="203.0.113.1")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert answer.headers["retry-after"] == "200"
    assert (await sign_in(PASSWORD, "bruno@example.com", of="203.0.113.1")).status_code == 200
    watch.seconds += 201
    assert (await sign_in(PASSWORD)).status_code == 200


async def test_an_unknown_account_is_limited_like_any_other(sign_in: SignIn) -> None:
    for email in ("nobody@example.com", "no address"):
        statuses = [(await sign_in(WRONG, email, of=each)).status_code for each in addresses()[:11]]
        assert statuses == [400] * 10 + [429]


async def test_a_client_address_is_limited_over_all_accounts(sign_in: SignIn) -> None:
    statuses = [
        (await sign_in(WRONG, f"p{number}@example.com", of=f"2001:db8::{number:x}")).status_code
        for number in range(1, 12)
    ]
    assert statuses == [400] * 10 + [429]
    assert (await sign_in(PASSWORD, of="2001:db8::ffff")).status_code == 429
    assert (await sign_in(PASSWORD, of="2001:db8:0:1::1")).status_code == 200


async def test_a_forged_forwarded_header_gives_no_new_tries(sign_in: SignIn) -> None:
    statuses = [
        (
            await sign_in(WRONG, f"p{number}@example.com", of=f"6.6.6.{number}, 192.0.2.9")
        ).status_code
        for number in range(1, 12)
    ]
    assert statuses == [400] * 10 + [429]


async def test_a_successful_sign_in_resets_the_count(sign_in: SignIn) -> None:
    for address in addresses()[:9]:
        assert (await sign_in(WRONG, of=address)).status_code == 400
    assert (await sign_in(PASSWORD)).status_code == 200
    for address in addresses()[10:20]:
        assert (await sign_in(WRONG, of=address)).status_code == 400
    assert (await sign_in(PASSWORD)).status_code == 429


async def test_concurrent_guesses_have_the_same_limit_as_sequential_ones(
    sign_in: SignIn,
) -> None:
    guesses = [sign_in(WRONG, of=each) for each in addresses()[:50]]
    statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert set(statuses) <= {400, 429, 503}  # 503: more hashes than can wait
    assert statuses.count(400) == 10


async def test_a_correct_guess_is_refused_if_others_reach_the_limit_meanwhile(
    limited: httpx2.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Service = limited._transport.app  # type: ignore[attr-defined]
    failures, verify = app.state.container.user.failures(), PasswordHasher.verify

    async def verify_slowly(self: PasswordHasher, password: str, stored: str | None) -> bool:
        for _ in range(10):
            await failures.count("ana@example.com")
        return await verify(self, password, stored)

    monkeypatch.setattr(PasswordHasher, "verify", verify_slowly)
    assert (await sign_in(PASSWORD)).status_code == 429


async def test_a_session_continues_while_an_attacker_guesses(
    limited: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    pair = (await sign_in(PASSWORD)).json()
    for address in addresses()[:11]:
        last = await sign_in(WRONG, of=address)
    assert last.status_code == 429
    body = {"refresh_token": pair["refresh_token"]}
    renewed = await limited.post("/api/v1/auth/refresh", json=body)
    assert renewed.status_code == 200
    headers = {"authorization": f"Bearer {renewed.json()['access_token']}"}
    assert (await limited.get("/api/v1/users/me", headers=headers)).status_code == 200


async def test_a_flood_of_failures_locks_out_only_the_clients_that_cause_it(
    limited: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    app: Service = limited._transport.app  # type: ignore[attr-defined]
    failures = app.state.container.user.failures()
    for _ in range(failures._total.amount):
        await failures._limiter.hit(failures._total, "")
    assert (await sign_in(WRONG, of="198.51.100.1")).status_code == 400
    assert (await sign_in(PASSWORD, of="198.51.100.1")).status_code == 429
    assert (await sign_in(PASSWORD, "bruno@example.com", of="198.51.100.1")).status_code == 200
    assert (await sign_in(PASSWORD, of="192.0.2.1")).status_code == 200


async def test_an_attacker_who_guesses_cannot_prevent_a_change_of_password(
    limited: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    token = (await sign_in(PASSWORD)).json()["access_token"]
    for address in addresses()[:11]:
        last = await sign_in(WRONG, of=address)
    assert last.status_code == 429
    changed = await limited.put(
        "/api/v1/users/me/password",
        json={"current_password": PASSWORD, "new_password": "another horse battery"},
        headers={"authorization": f"Bearer {token}"},
    )
    assert changed.status_code == 204


async def test_a_session_has_as_few_guesses_as_an_attacker_and_blocks_no_other(
    limited: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    stolen, own = [(await sign_in(PASSWORD)).json()["access_token"] for _ in range(2)]

    async def leave(password: str, token: str) -> int:
        body, headers = {"current_password": password}, {"authorization": f"Bearer {token}"}
        answer = await limited.post("/api/v1/users/me/delete", json=body, headers=headers)
        return answer.status_code

    guesses = [leave(WRONG, stolen) for _ in range(30)]
    statuses = await asyncio.gather(*guesses)
    assert statuses.count(403) == 10
    assert set(statuses) == {403, 429}
    assert await leave(PASSWORD, stolen) == 429
    assert await leave(PASSWORD, own) == 204


async def test_a_correct_guess_among_concurrent_ones_of_a_session_is_refused(
    limited: httpx2.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await sign_in(PASSWORD)).json()["access_token"]
    verify, begun = PasswordHasher.verify, asyncio.Event()

    async def verify_last(self: PasswordHasher, password: str, stored: str | None) -> bool:
        if password == PASSWORD:
            await begun.wait()
        return await verify(self, password, stored)

    async def leave(password: str) -> int:
        body, headers = {"current_password": password}, {"authorization": f"Bearer {token}"}
        answer = await limited.post("/api/v1/users/me/delete", json=body, headers=headers)
        return answer.status_code

    monkeypatch.setattr(PasswordHasher, "verify", verify_last)
    right = asyncio.create_task(leave(PASSWORD))
    await asyncio.gather(*[leave(WRONG) for _ in range(10)])
    begun.set()
    assert await right == 429


async def test_one_client_can_register_twenty_times_in_an_hour(
    limited: httpx2.AsyncClient, watch: Watch
) -> None:
    async def register(number: int, of: str) -> httpx2.Response:
        account = {"email": f"p{number}@example.com", "password": "x", "full_name": "A Person"}
        headers = {"x-forwarded-for": of}
        return await limited.post("/api/v1/auth/register", json=account, headers=headers)

    statuses = [(await register(number, "192.0.2.1")).status_code for number in range(21)]
    assert statuses == [422] * 20 + [429]  # failures count too
    assert (await register(0, "192.0.2.2")).status_code == 422
    watch.seconds += 3_601
    assert (await register(0, "192.0.2.1")).status_code == 422


@pytest.fixture
async def email_sender(limited: httpx2.AsyncClient) -> Callable[[], Awaitable[int]]:
    """How many requested resets cause an email."""
    app: Service = limited._transport.app  # type: ignore[attr-defined]
    published = await published_from_now_on(app.state.container)

    async def count() -> int:
        return len(await published.of(PasswordResetRequested))

    return count


async def test_attackers_who_request_resets_cannot_prevent_the_owners_reset(
    limited: httpx2.AsyncClient,
    accounts: None,
    watch: Watch,
    email_sender: Callable[[], Awaitable[int]],
) -> None:
    async def ask(of: str) -> int:
        body, headers = {"email": "ana@example.com"}, {"x-forwarded-for": of}
        answer = await limited.post("/api/v1/auth/password/forgot", json=body, headers=headers)
        return answer.status_code

    assert [await ask("198.51.100.1") for _ in range(6)] == [202] * 5 + [429]
    for stranger in addresses()[1:20]:
        assert await ask(stranger) == 202
    # the owner has two links, whichever client requested them, and no more
    assert await email_sender() == 2
    assert await ask("192.0.2.1") == 202
    watch.seconds += 1_801
    assert await ask("192.0.2.1") == 202
    assert await email_sender() == 3


async def test_each_grant_of_the_token_endpoint_has_the_limit_of_its_kind(
    sign_in: SignIn, limited: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_tokens, "SIGN_INS", Limit("sign_in", 2, per=MINUTE))
    monkeypatch.setattr(issue_tokens, "REFRESHES", Limit("refresh", 3, per=MINUTE))
    token = (await sign_in(PASSWORD)).json()["refresh_token"]
    statuses = []
    for _ in range(4):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        headers = {"x-forwarded-for": "192.0.2.1"}
        answer = await limited.post("/api/v1/auth/token", data=form, headers=headers)
        statuses.append(answer.status_code)
        token = answer.json().get("refresh_token", token)
    assert statuses == [200, 200, 200, 429]
    assert [(await sign_in(PASSWORD)).status_code for _ in range(2)] == [200, 429]
    assert (await sign_in(PASSWORD, of="203.0.113.1")).status_code == 200
