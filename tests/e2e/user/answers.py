"""The comparable parts of an answer."""

from typing import Any, NamedTuple

import httpx2


class Said(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def said(answer: httpx2.Response) -> Said:
    """Return the answer without its request id."""
    headers = dict(answer.headers)
    request_id = headers.pop("x-request-id")
    return Said(answer.status_code, headers, answer.content.replace(request_id.encode(), b"?"))


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Return the status and the code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def refusal(answer: httpx2.Response) -> tuple[str, str]:
    """Return the error of the token endpoint, and the code of the problem."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["error"], answer.json()["code"]


def complaints(answer: httpx2.Response) -> list[tuple[str, str]]:
    """Return the place and the code of each invalid value."""
    assert answer.status_code == 422, answer.text
    errors: list[dict[str, Any]] = answer.json()["errors"]
    return [(each.get("pointer") or each["parameter"], each["code"]) for each in errors]
