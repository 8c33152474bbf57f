"""The OpenAPI schemas of errors."""

from typing import Any, Final

from app.core.http.oauth import NAMES

Schema = dict[str, Any]

INVALID_VALUE: Final[Schema] = {
    "description": "An invalid value, where it is, and why.",
    "type": "object",
    "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer into the body."},
        "parameter": {"type": "string", "description": "Name of a parameter outside the body."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
PROBLEM: Final[Schema] = {
    "description": "The error (RFC 9457). `code` is stable; `detail` is for people.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri"},
        "code": {"type": "string"},
        "quota": {
            "type": "string",
            "description": "Only with the code `quota_exceeded`: what is limited.",
        },
        "limit": {
            "type": "integer",
            "description": "Only with the code `quota_exceeded`: the limit.",
        },
        "data": {"description": "Only with some errors: further data of the route."},
        "errors": {
            "type": "array",
            "description": "Each invalid value, if the error is about values.",
            "items": {"$ref": "#/components/schemas/InvalidValue"},
        },
    },
    "examples": [
        {
            "type": "/problems/invalid",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "Some values are invalid; see errors.",
            "instance": "urn:uuid:01a208df-a41e-7260-b37b-58bff68279a1",
            "code": "invalid",
            "errors": [
                {
                    "pointer": "/title",
                    "code": "too_long",
                    "detail": "must have at most 200 characters",
                }
            ],
        }
    ],
}
TOKEN_ERROR: Final[Schema] = {
    "description": "Why there are no tokens (RFC 6749, section 5.2, and RFC 9457 in one document).",
    "type": "object",
    "required": ["error", "error_description", *PROBLEM["required"]],
    "properties": {
        "error": {"type": "string", "enum": NAMES},
        "error_description": {"type": "string"},
        **PROBLEM["properties"],
    },
}
SCHEMAS: Final = {"InvalidValue": INVALID_VALUE, "Problem": PROBLEM, "TokenError": TOKEN_ERROR}
