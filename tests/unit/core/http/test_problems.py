"""The table from kinds of errors to HTTP."""

import datetime as dt
from typing import Any

import orjson
import pytest
from fastapi import HTTPException
from starlette.types import Message

from app.core import exceptions
from app.core.exceptions import AppError, Invalid, MethodNotAllowed
from app.core.http.problems import (
    STATUS_OF,
    as_app_error,
    documented_kinds,
    header_names_of,
    problem_list,
    problem_response,
    send_problem,
    status_of,
)
from app.core.http.strict_json import MalformedJson

OURS = [kind for kind in documented_kinds() if kind.__module__.startswith("app.")]


async def sent(error: AppError, request_id: str = "my-request") -> tuple[Message, Any]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await send_problem(keep, error, request_id)
    start, body = messages
    assert dict(start["headers"])[b"content-length"] == b"%d" % len(body["body"])
    return start, orjson.loads(body["body"])


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.code)
def test_every_kind_of_error_has_a_status(kind: type[AppError]) -> None:
    assert 400 <= status_of(kind) < 600


def test_an_error_has_the_status_of_its_kind() -> None:
    assert status_of(exceptions.ConcurrentUpdate) == status_of(exceptions.Conflict) == 409
    assert status_of(MalformedJson) == status_of(exceptions.Malformed) == 400


def test_each_code_belongs_to_one_kind_of_error() -> None:
    codes = [kind.code for kind in OURS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", list(STATUS_OF), ids=lambda kind: kind.code)
async def test_every_problem_has_the_same_form(kind: type[AppError]) -> None:
    start, document = await sent(kind(["GET"]) if kind is MethodNotAllowed else kind())
    assert start["status"] == document["status"] == status_of(kind)
    assert dict(start["headers"])[b"content-type"] == b"application/problem+json"
    expected = {"type", "title", "status", "detail", "instance", "code"}
    assert document.keys() == expected | ({"errors"} if kind is Invalid else set())
    assert (document["type"], document["code"]) == (f"/problems/{kind.code}", kind.code)
    assert document["detail"] == kind.message


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (exceptions.Unauthenticated(), (b"www-authenticate", b"Bearer")),
        (MethodNotAllowed(["GET", "PUT"]), (b"allow", b"GET, PUT")),
        (exceptions.Overloaded(), (b"retry-after", b"1")),
        (exceptions.Unavailable(), (b"retry-after", b"1")),
    ],
)
async def test_some_errors_add_headers(error: AppError, header: tuple[bytes, bytes]) -> None:
    start, _ = await sent(error)
    assert header in start["headers"]


# No operation documents a 405 for its own method.
OF_OPERATIONS = [kind for kind in OURS if kind is not MethodNotAllowed]


@pytest.mark.parametrize("kind", OF_OPERATIONS, ids=lambda kind: kind.code)
async def test_an_error_brings_the_headers_that_are_documented_for_its_kind(
    kind: type[AppError],
) -> None:
    start, _ = await sent(kind())
    present = {name.decode() for name, _ in start["headers"]} - {"content-type", "content-length"}
    assert present == {name.lower() for name in header_names_of(kind)}


async def test_other_errors_add_none() -> None:
    start, _ = await sent(exceptions.Conflict())
    assert [name for name, _ in start["headers"]] == [b"content-type", b"content-length"]


async def test_an_error_may_have_its_own_sentence() -> None:
    _, document = await sent(exceptions.Conflict("The name is taken."))
    assert document["detail"] == "The name is taken."


async def test_an_invalid_field_is_reported_with_its_pointer() -> None:
    _, document = await sent(Invalid("title", "must have 1 to 200 characters", code="too_long"))
    problem = {"pointer": "/title", "code": "too_long", "detail": "must have 1 to 200 characters"}
    assert document["errors"] == [problem]


async def test_an_exceeded_quota_says_which_and_how_much_it_allows() -> None:
    error = exceptions.QuotaExceeded("notes", 10, "At most 10 notes.")
    start, document = await sent(error)
    assert start["status"] == 409
    assert document["code"] == "quota_exceeded"
    assert document["detail"] == "At most 10 notes."
    assert (document["quota"], document["limit"]) == ("notes", 10)


async def test_the_status_of_a_refused_token_is_a_plain_number_which_logs_can_show() -> None:
    error = exceptions.Unauthenticated()
    error.oauth_name = "invalid_grant"
    start, _ = await sent(error)
    assert repr(start["status"]) == "400"


async def test_the_instance_is_the_request() -> None:
    uuid = "01900000-0000-7000-8000-000000000001"
    assert (await sent(exceptions.NotFound(), uuid))[1]["instance"] == f"urn:uuid:{uuid}"
    assert (await sent(exceptions.NotFound(), "mine"))[1]["instance"] == "urn:request-id:mine"


def test_an_error_of_ours_stays_as_it_is() -> None:
    error = exceptions.Conflict()
    assert as_app_error(error) is error


@pytest.mark.parametrize("error", [ValueError("secret"), KeyError("secret"), OSError("secret")])
def test_any_other_error_is_internal_and_reveals_nothing(error: Exception) -> None:
    problem = as_app_error(error)
    assert isinstance(problem, exceptions.InternalError)
    assert "secret" not in problem.detail


def test_the_list_has_every_code_in_order() -> None:
    lines = [line for line in problem_list().splitlines() if line.startswith("| `")]
    listed = [line.split("`")[1] for line in lines]
    assert listed == sorted(listed)
    assert {kind.code for kind in OURS} <= set(listed)
    assert "| `conflict` | 409 | The request conflicts with the current state. |" in lines


def test_openapi_lists_the_codes_of_a_status() -> None:
    told = problem_response(exceptions.Conflict, exceptions.ConcurrentUpdate)
    assert told["description"] == "`conflict`, `concurrent_update`"
    assert list(told["content"]) == ["application/problem+json"]


# --- What FastAPI's users raise -----------------------------------------------------------------


async def test_an_http_exception_without_a_detail_says_what_its_kind_says() -> None:
    _, document = await sent(as_app_error(HTTPException(404)))
    assert (document["detail"], document["code"]) == (exceptions.NotFound.message, "not_found")
    _, document = await sent(as_app_error(HTTPException(402)))
    assert (document["title"], document["detail"]) == ("Payment Required", "Payment Required")


async def test_a_detail_that_is_no_text_is_the_documents_data() -> None:
    detail = {"reason": "closed", "until": dt.date(2030, 1, 2)}
    _, document = await sent(as_app_error(HTTPException(409, detail)))
    assert document["data"] == {"reason": "closed", "until": "2030-01-02"}
    assert document["detail"] == exceptions.Conflict.message


async def test_the_headers_of_an_http_exception_are_sent() -> None:
    raised = HTTPException(401, headers={"WWW-Authenticate": "Basic"})
    start, _ = await sent(as_app_error(raised))
    assert (b"www-authenticate", b"Basic") in start["headers"]


async def test_an_http_exception_below_400_has_no_document() -> None:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    raised = HTTPException(307, headers={"Location": "/login"})
    await send_problem(keep, as_app_error(raised), "my-request")
    assert messages[0]["headers"] == [(b"location", b"/login"), (b"content-length", b"0")]
    assert messages[1]["body"] == b""


def test_a_single_error_in_a_group_is_that_error() -> None:
    error = exceptions.NotFound()
    assert as_app_error(ExceptionGroup("of a task group", [error])) is error
    both = ExceptionGroup("of a task group", [error, ValueError()])
    assert isinstance(as_app_error(both), exceptions.InternalError)
