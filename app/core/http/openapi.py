"""The OpenAPI document, adapted to client generators."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from app.core.http.cookie_authentication import cookie_name
from app.core.http.problem_schemas import SCHEMAS
from app.core.http.problems import MEDIA_TYPE
from app.core.http.response_headers import HEADERS
from app.core.http.routing import API

_SAMPLES: Final = {"default", "example", "examples", "const", "enum"}

Node = dict[str, Any]


def finished(document: Node, *, root_path: str = "", partial: Collection[str] = ()) -> Node:
    """Return FastAPI's document with our components, and with schemas that make good classes.

    Each schema below `components` has its name as its title; other schemas have no title. The
    operations whose ids are in `partial` may leave fields of their answers out.
    """
    components = document.setdefault("components", {})
    schemas = {**components.get("schemas", {}), **SCHEMAS}
    names = {name: class_name(name) for name in schemas}
    references = {_reference(name): _reference(named) for name, named in names.items()}
    rewritten = {
        names[name]: {"title": names[name], **_rewritten(schema, references)}
        for name, schema in schemas.items()
    }
    paths = _rewritten(document.get("paths", {}), references)
    operations = [operation for methods in paths.values() for operation in methods.values()]
    _forget_errors_of_fastapi(operations, rewritten)
    _complete_answers(operations, rewritten, partial)
    for operation in operations:
        for parameter in operation.get("parameters", []):
            parameter["schema"] = _without_null(parameter["schema"])
    return {
        **document,
        "paths": paths,
        "components": {
            **components,
            "schemas": rewritten,
            "responses": _shared_problems(operations),
            "headers": HEADERS,
            "securitySchemes": {
                **components.get("securitySchemes", {}),
                **_security_schemes(root_path),
            },
        },
    }


def _security_schemes(root_path: str) -> dict[str, Any]:
    return {
        "password": {
            "type": "oauth2",
            "description": "An access token, as `Authorization: Bearer …`.",
            "flows": {"password": {"tokenUrl": f"{root_path}{API}/auth/token", "scopes": {}}},
        },
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, as `Authorization: Bearer alk_…`; see `/auth/keys`.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie_name(root_path),
            "description": "The cookie of `/auth/cookie`. Changes need the service's own `Origin`.",
        },
    }


def class_name(name: str) -> str:
    """Return a class name for a schema: `Listing_NoteView_` becomes NoteViewListing."""
    return "".join(reversed(re.split("[_-]+", name.strip("_"))))


# --- Operations ---------------------------------------------------------------------------------


def _forget_errors_of_fastapi(operations: list[Node], schemas: Node) -> None:
    """Remove FastAPI's error schema from routes without a 422: no answer has this form."""
    schemas.pop("ValidationError", None)
    if schemas.pop("HTTPValidationError", None) is None:
        return
    theirs = {"application/json": {"schema": {"$ref": _reference("HTTPValidationError")}}}
    for operation in operations:
        if operation["responses"].get("422", {}).get("content") == theirs:
            del operation["responses"]["422"]


def _complete_answers(operations: list[Node], schemas: Node, partial: Collection[str]) -> None:
    """Mark all fields of answers as required: a default makes a field optional in requests only."""
    answers, others = set[str](), set[str]()
    for operation in operations:
        for status, response in operation["responses"].items():
            is_whole = status < "300" and operation["operationId"] not in partial
            _collect(response, schemas, answers if is_whole else others)
        _collect(operation.get("requestBody"), schemas, others)
    for name in answers - others:
        schema = schemas[name]
        if "properties" in schema:
            schema["required"] = list(schema["properties"])
            for field in schema["properties"].values():
                field.pop("default", None)


def _shared_problems(operations: list[Node]) -> Node:
    """Move problems that many operations share to `components`, and return them."""
    shared: Node = {}
    for operation in operations:
        for status, response in operation["responses"].items():
            codes = re.findall(r"`(\w+)`", response["description"])
            is_problem = MEDIA_TYPE in response.get("content", {})
            if not is_problem or not codes:  # a success, or an error that is not ours
                continue
            name = "Or".join(code.title().replace("_", "") for code in codes)
            if shared.setdefault(name, response) == response:
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return shared


# --- Schemas ------------------------------------------------------------------------------------


def _reference(name: str) -> str:
    return f"#/components/schemas/{name}"


def _rewritten(node: Any, references: Mapping[str, str]) -> Any:
    """Copy without titles and with new references; examples stay unchanged."""
    if isinstance(node, str):
        return references.get(node, node)
    if isinstance(node, list):
        return [_rewritten(each, references) for each in node]
    if not isinstance(node, dict):
        return node
    copy = {}
    for key, value in node.items():
        if key == "properties":  # its keys are names of a client, and may equal any of these
            copy[key] = {name: _rewritten(schema, references) for name, schema in value.items()}
        elif key in _SAMPLES:
            copy[key] = value
        elif key != "title":
            copy[key] = _rewritten(value, references)
    return copy | _names_of_values(copy.get("enum"))


def _names_of_values(values: Any) -> Node:
    """Name enum values that are no identifiers, such as `-due_at`, which means descending."""
    if not isinstance(values, list) or not any(str(value).startswith("-") for value in values):
        return {}
    directions = [
        (value.removeprefix("-"), "_DESCENDING" * value.startswith("-")) for value in values
    ]
    return {"x-enum-varnames": [f"{name.upper()}{direction}" for name, direction in directions]}


def _without_null(schema: Node) -> Node:
    """Return the schema of an optional parameter: outside of a body there is no null."""
    others = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(others) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key != "anyOf"}, **others[0]}


def _collect(node: Any, schemas: Node, found: set[str]) -> None:
    """Add the names of all schemas that the node refers to."""
    if isinstance(node, list):
        for each in node:
            _collect(each, schemas, found)
    elif isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix(_reference(""))
        if name in schemas and name not in found:
            found.add(name)
            _collect(schemas[name], schemas, found)
        _collect(list(node.values()), schemas, found)
