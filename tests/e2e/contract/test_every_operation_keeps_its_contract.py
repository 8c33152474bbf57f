"""Schemathesis generates requests from the OpenAPI document, and sends them to a real server."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import httpx2
import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as how

from app.config.settings import Settings
from app.main import create_app
from tests.e2e.contract.headers import differences
from tests.support.browser import COOKIE, OWN_ORIGIN
from tests.support.manifest import things
from tests.support.people import Person
from tests.support.server import ROOT, served

document: dict[str, Any] = orjson.loads((ROOT / "docs/api/openapi.json").read_bytes())
# Clients must accept more fields in the next release; this one has exactly the documented ones.
for each in document["components"]["schemas"].values():
    if "properties" in each:
        each.setdefault("additionalProperties", False)
schema = schemathesis.openapi.from_dict(document)

checks = schema.config.checks
OUR_TAG: Final = re.compile(r'((?:W/)?")[0-9]{1,18}((?:-(?:gzip|br|zstd))?")')

# An unknown tag is refused as one that does not match (RFC 9110, section 13.1.1).
checks.negative_data_rejection.expected_statuses += ["412"]
# A parameter that is too long can make the whole URL too long.
checks.negative_data_rejection.expected_statuses += ["414"]
# What no schema can express: a password that is easy to guess, the cursor of another list, …
checks.positive_data_acceptance.expected_statuses += ["400", "422"]
checks.missing_required_header.expected_statuses += ["428"]  # RFC 6585, section 3

# In addition to the cases that it derives from each rule of the document; 500 in `make faults`.
EXAMPLES: Final = 500 if os.environ.get("FAULTS_ROUNDS") else 50


@pytest.fixture(scope="session")
def address(settings: Settings) -> Iterator[str]:
    with served(create_app(settings)) as address:
        yield address


@pytest.fixture(scope="session")
def helper(address: str) -> Iterator[httpx2.Client]:
    """Prepares the objects of the cases."""
    with httpx2.Client(base_url=f"{address}/api/v1") as helper:
        yield helper


@schema.parametrize()
@how(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    # The user is the same for all examples of an operation, on purpose.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_operation_keeps_its_contract(
    case: schemathesis.Case[Any], address: str, helper: httpx2.Client, admin: Person
) -> None:
    authorized = {"Authorization": f"Bearer {admin.access_token}"}
    # A case that names an object gets an existing one: otherwise all would end in a 404.
    seen = helper.get("/users/me", headers=authorized).json()
    if _is_uuid(case.path_parameters.get("user_id")):
        case.path_parameters["user_id"] = admin.id
    for name, thing in things().items():
        if thing.create is not None and _is_uuid(case.path_parameters.get(name)):
            path, body = thing.create
            seen = helper.post(path, json=body(), headers=authorized).json()
            case.path_parameters[name] = seen["id"]
    if tag := OUR_TAG.fullmatch(case.headers.get("If-Match", "")):
        case.headers["If-Match"] = f"{tag[1]}{seen.get('version', 1)}{tag[2]}"
    # It invents a cookie beside our header, and would take that for the credential of the case.
    case.cookies.pop(COOKIE, None)
    answer = case.call_and_validate(base_url=address, headers={**authorized, "Origin": OWN_ORIGIN})
    operation = document["paths"][case.path].get(case.method.lower())
    if operation is not None:  # it tries other methods too
        assert differences(document, operation, answer.status_code, answer.headers) == []


def _is_uuid(value: object) -> bool:
    with suppress(ValueError):
        return str(UUID(str(value))) == value
    return False
