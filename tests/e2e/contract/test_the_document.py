"""Compares the documents with the code, and with our own rules."""

import re
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from tests.support.server import ROOT, Command

METHODS = {"get", "put", "post", "delete", "patch"}

# JSON Schema has more keywords; these are the ones that we use.
KEYWORDS = {
    *("$ref", "type", "format", "enum", "const", "pattern", "minLength", "maxLength"),
    *("minimum", "maximum", "items", "minItems", "maxItems", "uniqueItems"),
    *("properties", "required", "additionalProperties", "anyOf"),
    *("title", "description", "default", "examples", "x-enum-varnames"),
}
BOUNDS = {
    "string": [{"maxLength"}, {"format"}, {"enum"}, {"const"}, {"pattern"}],
    "array": [{"maxItems", "items"}],
    "integer": [{"minimum", "maximum"}],
    "number": [{"minimum", "maximum"}],
    "object": [{"properties"}],
}
SECRETS = ("email", "mail", "username", "password", "token", "secret", "key")

Operation = tuple[str, dict[str, Any]]


@pytest.fixture(scope="session")
def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents as the code generates them, in an environment with other settings."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "docs/api").mkdir(parents=True)
    # One part of the catalogue is written by hand, and earlier promises stay in it.
    (folder / "docs/architecture").mkdir()
    for name in ("events.md", "events.json"):
        shutil.copy(ROOT / "docs/architecture" / name, folder / "docs/architecture")
    (folder / "docs/deployment").mkdir()
    (folder / "docs/operations").mkdir()
    shutil.copy(ROOT / ".env.example", folder)
    somebodys = {"APP_NAME": "Shop", "VERSION": "9", "DATABASE_URL": "none", "DATA_DIR": "no/where"}
    # In a new process, without the errors of the tests' own module.
    answer = Command(folder, somebodys, is_exec=True).run("openapi", "--write")
    assert answer.returncode == 0, answer.stderr
    assert {path.name for path in folder.iterdir()} == {"docs", ".env.example"}
    return folder


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        "docs/api/openapi.json",
        "docs/api/problems.md",
        "docs/architecture/events.md",
        "docs/architecture/events.json",
        "docs/deployment/settings.md",
        "docs/operations/commands.md",
        "docs/operations/metrics.md",
    ],
)
def test_the_committed_documents_are_generated_from_the_code(made: Path, path: str) -> None:
    is_same = (made / path).read_bytes() == (ROOT / path).read_bytes()
    assert is_same, f"{path} is not what the code makes: run `make openapi` and look at the diff"


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    absolute = deepcopy(document)
    # The specification allows a relative one (section 4.6); only its own schema does not.
    flow = absolute["components"]["securitySchemes"]["password"]["flows"]["password"]
    flow["tokenUrl"] = f"https://api.example.com{flow['tokenUrl']}"
    schemathesis.openapi.from_dict(absolute).validate()


def test_schemas_have_only_keywords_that_json_schema_knows(document: dict[str, Any]) -> None:
    found = [
        f"{where}: {keyword}"
        for where, schema in _everywhere(document)
        for keyword in schema.keys() - KEYWORDS
    ]
    assert found == []


def test_every_value_of_a_request_has_a_maximum(
    document: dict[str, Any], operations: list[Operation]
) -> None:
    unbounded = [
        where
        for name, operation in operations
        for sent in _sent(operation)
        for where, schema in _resolved(sent["schema"], f"{name} {sent['where']}", document)
        if not _is_bounded(schema)
    ]
    assert unbounded == []


def test_no_url_contains_a_secret_or_personal_data(operations: list[Operation]) -> None:
    telling = [
        f"{name}: {parameter['name']}"
        for name, operation in operations
        for parameter in operation.get("parameters", [])
        if parameter["in"] in {"path", "query", "cookie"}
        if not parameter["name"].endswith("_id")  # describes an object
        if any(word in parameter["name"].lower() for word in SECRETS)
    ]
    assert telling == []


def test_an_operation_id_is_unique_and_made_of_a_tag_and_a_verb(
    operations: list[Operation],
) -> None:
    ids = [operation["operationId"] for _, operation in operations]
    assert [each for each in ids if ids.count(each) > 1] == []
    others = [
        operation["operationId"]
        for _, operation in operations
        if not re.fullmatch(rf"{operation['tags'][0]}_[a-z]+(_[a-z]+)*", operation["operationId"])
    ]
    assert others == []


def test_a_summary_begins_with_the_verb_of_the_operation_and_is_unique_within_its_tag(
    operations: list[Operation],
) -> None:
    summaries = [(operation["tags"][0], operation["summary"]) for _, operation in operations]
    assert [each for each in summaries if summaries.count(each) > 1] == []
    for name, operation in operations:
        verb = operation["operationId"].split("_")[1]
        summary = operation["summary"]
        assert summary.split()[0].strip(",:").lower() == verb, (
            f"{name}: the first line of its docstring is '{summary}'; begin it with the verb of "
            f"{operation['operationId']}, or name the method otherwise"
        )
        assert not summary.endswith("."), name
        assert operation["description"].startswith(summary), name


def test_every_tag_is_described(document: dict[str, Any], operations: list[Operation]) -> None:
    described = [tag["name"] for tag in document["tags"] if tag["description"]]
    used = {tag for _, operation in operations for tag in operation["tags"]}
    assert sorted(described) == sorted(used), "give the tag's ApiRouter a description="


def test_the_title_of_a_schema_is_its_name_and_a_good_name_for_a_class(
    document: dict[str, Any],
) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema["title"] == name
        assert re.fullmatch(r"([A-Z][a-z0-9]*)+", name), f"{name}: rename the class"
    others = [
        where
        for where, schema in _everywhere(document)
        if "title" in schema and where not in document["components"]["schemas"]
    ]
    assert others == []


def test_the_document_contains_the_url_of_the_service(document: dict[str, Any]) -> None:
    assert document["servers"] == [{"url": "/"}]


def test_every_documented_error_is_a_problem_document(
    document: dict[str, Any], operations: list[Operation]
) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    others = [
        f"{name} {status}"
        for name, operation in operations
        for status, response in operation["responses"].items()
        if int(status) >= 400 and response_of(document, response).get("content") != problem
    ]
    assert others == ["POST /api/v1/auth/token 400"]  # RFC 6749, section 5.2


def test_operations_that_require_a_sign_in_document_the_ways_and_the_401(
    document: dict[str, Any],
    operations: list[Operation],
) -> None:
    for name, operation in operations:
        is_open = operation["security"] == []
        ways = [way for each in operation["security"] for way in each]
        assert is_open or ways[:2] == ["password", "cookie"], name
        assert set(ways) <= document["components"]["securitySchemes"].keys(), name
        assert is_open or "401" in operation["responses"], name


def response_of(document: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """The response itself, if it is a reference."""
    name = response.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["responses"][name] if name else response
    return found


def _sent(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for parameter in operation.get("parameters", []):
        yield {"where": f"{parameter['in']} {parameter['name']}", "schema": parameter["schema"]}
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield {"where": media_type, "schema": content["schema"]}


def _is_bounded(schema: dict[str, Any]) -> bool:
    if "$ref" in schema or "anyOf" in schema:
        return True  # its parts are checked
    kind = schema.get("type")
    if kind in {"boolean", "null"}:
        return True
    return any(bounds <= schema.keys() for bounds in BOUNDS.get(str(kind), []))


def _resolved(
    schema: dict[str, Any], where: str, document: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema and all its parts, with references resolved."""
    yield where, schema
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        yield from _resolved(document["components"]["schemas"][name], where, document)
    for name, part in _parts(schema):
        yield from _resolved(part, f"{where}/{name}", document)


def _everywhere(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the document, each once."""
    schemas = document["components"]["schemas"]
    bare: dict[str, Any] = {"components": {"schemas": {name: {} for name in schemas}}}
    for name, schema in schemas.items():
        yield from _resolved(schema, name, bare)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for sent in _sent(operation):
                yield from _resolved(sent["schema"], f"{path} {sent['where']}", bare)


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from schema.get("properties", {}).items()
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield name, schema[name]
    for number, part in enumerate(schema.get("anyOf", [])):
        yield str(number), part
