"""No single client, or account, can use up the emails of an address."""

import httpx2

from tests.support.people import PASSWORD
from tests.support.watch import Watch


async def test_one_client_cannot_use_up_the_registrations_of_an_address(
    limited: httpx2.AsyncClient,
) -> None:
    async def register(email: str, of: str) -> int:
        account = {"email": email, "password": PASSWORD, "full_name": "A Person"}
        headers = {"x-forwarded-for": of}
        answer = await limited.post("/api/v1/auth/register", json=account, headers=headers)
        return answer.status_code

    spellings = ["ana@example.com", "Ana@example.com"] * 3
    assert [await register(email, "192.0.2.66") for email in spellings] == [202] * 5 + [429]
    assert await register("bruno@example.com", "192.0.2.66") == 202
    assert await register("ana@example.com", "192.0.2.1") == 202


async def test_a_user_can_request_five_changes_of_address_in_an_hour(
    limited: httpx2.AsyncClient, watch: Watch
) -> None:
    account = {"email": "ana@example.com", "password": PASSWORD, "full_name": "A Person"}
    await limited.post("/api/v1/auth/register", json=account)
    form = {"username": "ana@example.com", "password": PASSWORD}
    token = (await limited.post("/api/v1/auth/token", data=form)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    asked = {"email": "carla@example.com", "current_password": PASSWORD}
    seen = []
    for _ in range(6):
        answer = await limited.put("/api/v1/users/me/email", json=asked, headers=headers)
        seen.append(answer.status_code)
        watch.seconds += 400
    assert seen == [202] * 5 + [429]
