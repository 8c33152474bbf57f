"""The OpenAPI document, made fit for generators of clients."""

import re
from collections.abc import Mapping
from typing import Any, Final

from app.core.http.cookie_authentication import COOKIE
from app.core.http.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from app.core.http.response_headers import HEADERS
from app.core.http.routing import API
from app.core.token_route import TOKEN_ERROR_SCHEMA

SECURITY_SCHEMES: Final = {
    "password": {
        "type": "oauth2",
        "description": "An access token, as `Authorization: Bearer …`.",
        "flows": {"password": {"tokenUrl": f"{API}/auth/token", "scopes": {}}},
    },
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, as `Authorization: Bearer alk_…`; see `/auth/keys`.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "What `/auth/cookie` sets; what changes something needs our own `Origin`.",
    },
}

_SAMPLES: Final = {"default", "example", "examples", "const", "enum"}


def finished(document: dict[str, Any]) -> dict[str, Any]:
    """Return FastAPI's document with what our routes refer to, and schemas that are good classes.

    Each schema below `components` has its name as its title, and no other schema has one.
    """
    components = document.setdefault("components", {})
    ours = {"Problem": PROBLEM_SCHEMA, "TokenError": TOKEN_ERROR_SCHEMA}
    schemas = {**components.get("schemas", {}), **ours}
    names = {name: class_name(name) for name in schemas}
    references = {_reference(name): _reference(named) for name, named in names.items()}
    rewritten = {
        names[name]: {"title": names[name], **_rewritten(schema, references)}
        for name, schema in schemas.items()
    }
    paths = _rewritten(document.get("paths", {}), references)
    _forget_errors_of_fastapi(paths, rewritten)
    return {
        **document,
        "paths": paths,
        "components": {
            **components,
            "schemas": rewritten,
            "responses": _shared_problems(paths),
            "headers": HEADERS,
            "securitySchemes": {**components.get("securitySchemes", {}), **SECURITY_SCHEMES},
        },
    }


def class_name(name: str) -> str:
    """Return a schema's name as a class is called: `Listing_TaskView_` is a TaskViewListing."""
    return "".join(reversed(re.split("[_-]+", name.strip("_"))))


def _forget_errors_of_fastapi(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Drop the form of error that FastAPI adds to routes without a 422: nothing answers so."""
    schemas.pop("ValidationError", None)
    if schemas.pop("HTTPValidationError", None) is None:
        return
    theirs = {"application/json": {"schema": {"$ref": _reference("HTTPValidationError")}}}
    for methods in paths.values():
        for operation in methods.values():
            if operation["responses"].get("422", {}).get("content") == theirs:
                del operation["responses"]["422"]


def _shared_problems(paths: dict[str, Any]) -> dict[str, Any]:
    """Have operations refer to their problems, and return those: most have most of them."""
    shared: dict[str, Any] = {}
    for methods in paths.values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                codes = re.findall(r"`(\w+)`", response["description"])
                is_problem = MEDIA_TYPE in response.get("content", {})
                if not is_problem or not codes:  # a success, or an error that is not ours
                    continue
                name = "Or".join(code.title().replace("_", "") for code in codes)
                if shared.setdefault(name, response) == response:
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return shared


def _reference(name: str) -> str:
    return f"#/components/schemas/{name}"


def _rewritten(node: Any, references: Mapping[str, str]) -> Any:
    """Copy without titles, and with other references; samples of values stay as they are."""
    if isinstance(node, str):
        return references.get(node, node)
    if isinstance(node, list):
        return [_rewritten(each, references) for each in node]
    if not isinstance(node, dict):
        return node
    copy = {}
    for key, value in node.items():
        if key == "properties":  # whose keys are names of a client's, and may be any of these
            copy[key] = {name: _rewritten(schema, references) for name, schema in value.items()}
        elif key in _SAMPLES:
            copy[key] = value
        elif key != "title":
            copy[key] = _rewritten(value, references)
    return copy
