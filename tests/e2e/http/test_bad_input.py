"""Bad input gets a 4xx with a code and is never repeated: in every place of every route."""

import base64
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_from_bytes
from uuid import UUID

import pytest

from app.core.http.service import Service
from tests.support.dead_letters import leave_failed
from tests.support.jobs import leave_job
from tests.support.manifest import manifests, things
from tests.support.people import Person
from tests.support.raw import Answer, send

BAD: Final[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "corpus/values.toml").read_text(encoding="utf-8")
)
CANARY: Final = "c4n4ry"
FORM: Final = "application/x-www-form-urlencoded"

# Valid values for fields whose schema is not enough; others are generated from the schema.
GOOD: Final = {
    "since": "2026-01-01T00:00:00Z",
    **{name: value for each in manifests().values() for name, value in each.good_values.items()},
}
SOME_ID: Final = "0190f5a0-0000-7000-8000-000000000001"
# A valid value of each format that has a list of invalid ones.
FORMATS: Final = {
    "uuid": SOME_ID,
    "date-time": "2027-01-01T00:00:00Z",
    "date": "2027-01-01",
    "time-local": "09:30:00",
    "duration": "P1D",
    "decimal": "0",
}
SEVERAL_LINES: Final = {name for each in manifests().values() for name in each.several_lines}
# What a message about the form of a value may contain; others are about its meaning.
OF_FORM: Final = {"required", "unknown_field", "wrong_type", "invalid_format", "not_allowed"}


def is_opaque(name: str) -> bool:
    """Return whether it is a password or a token, which may be any Unicode text."""
    return name.endswith(("password", "token", "cursor", "secret"))


def in_kind(name: str, table: dict[str, Any]) -> Any:
    """Return the table's values for a field, or for the end of its name: `new_password`."""
    return next((table[end] for end in table if name == end or name.endswith(f"_{end}")), None)


@dataclass(frozen=True)
class Route:
    """One operation of the OpenAPI document."""

    method: str
    path: str
    operation: dict[str, Any]
    schemas: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (parameter["name"], self.resolved(parameter["schema"]))
            for parameter in self.operation.get("parameters", [])
            if parameter["in"] == place
        ]

    def fields(self, media_type: str) -> list[tuple[str, dict[str, Any]]]:
        """The fields of the body, if it is of this type."""
        content = self.operation.get("requestBody", {}).get("content", {})
        if media_type not in content:
            return []
        properties = self.resolved(content[media_type]["schema"])["properties"]
        return [(name, self.resolved(schema)) for name, schema in properties.items()]

    @property
    def good(self) -> dict[str, Any]:
        """A body whose form is valid, with each required field."""
        content = self.operation.get("requestBody", {}).get("content", {}).values()
        wanted = {n for each in content for n in self.resolved(each["schema"]).get("required", [])}
        fields = self.fields("application/json")
        needed = [pair for pair in fields if pair[0] in wanted] or fields[:1]
        return {name: self.good_value(name, schema) for name, schema in needed}

    def good_value(self, name: str, schema: dict[str, Any]) -> Any:
        """Return a value that the field accepts."""
        if (known := in_kind(name, GOOD)) is not None:
            return known
        if "default" in schema or schema.get("nullable"):
            return schema.get("default")
        if "enum" in schema or "const" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kinds: dict[str, Callable[[str, dict[str, Any]], Any]] = {
            "array": self._good_items,
            "boolean": lambda _name, _schema: False,
            "integer": lambda _name, schema: int(schema.get("minimum", 1)),
            "object": self._good_object,
        }
        if schema["type"] in kinds:
            return kinds[schema["type"]](name, schema)
        text = "a" * min(max(8, schema.get("minLength", 0)), schema.get("maxLength", 8))
        return FORMATS.get(schema.get("format", "")) or text

    def _good_items(self, name: str, schema: dict[str, Any]) -> list[Any]:
        item = self.resolved(schema["items"])
        is_row = item.get("type") == "object"  # of other values the schema does not say enough
        return [self.good_value(name, item)] if is_row and schema.get("minItems") else []

    def _good_object(self, _name: str, schema: dict[str, Any]) -> dict[str, Any]:
        fields = schema.get("properties", {})
        names = schema.get("required", [])
        return {name: self.good_value(name, self.resolved(fields[name])) for name in names}

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema without its reference; an optional one as if it were required."""
        if "anyOf" in schema:
            first, null = schema["anyOf"]
            assert null == {"type": "null"}
            return {**self.resolved(first), "nullable": True}
        if "$ref" in schema:
            resolved: dict[str, Any] = self.schemas[schema["$ref"].rpartition("/")[2]]
            return resolved
        return schema


class Ids(dict[str, str]):
    """The values of path parameters; without a known one, an id of no object."""

    def __missing__(self, name: str) -> str:
        return SOME_ID


class Sender:
    """Sends requests as the administrator, and remembers those that were not refused."""

    def __init__(self, app: Service, person: Person, **ids: str) -> None:
        self._app, self._token = app, person.access_token
        self._ids = Ids({"user_id": person.id, "code": "not_found", **ids})
        self.sent = 0
        self.accepted: list[str] = []

    async def __call__(self, route: Route, **options: Any) -> Answer:
        """Send a request that is valid except for `options`."""
        path: str | bytes = route.path.format_map(self._ids)
        headers = {
            "authorization": f"Bearer {self._token}",
            "if-match": "*",
            "content-type": options.get("media_type", "application/json"),
            **options.get("headers", {}),
        }
        return await send(
            self._app,
            route.method,
            options.get("path", path).encode() + b"?" + options.get("query", b""),
            headers=[
                (k.encode(), v.encode("latin-1")) for k, v in headers.items() if v is not None
            ],
            body=options.get("body", b""),
        )

    async def refused(self, what: str, route: Route, **options: Any) -> None:
        """Send it, and remember it if it was not refused correctly."""
        self.sent += 1
        answer = await self(route, **options)
        if wrong := _wrong_with(answer):
            self.accepted.append(f"{route.name}, {what}: {wrong}")


def _wrong_with(answer: Answer) -> str:
    """Return why this is not the right answer to bad input; nothing if it is."""
    text = answer.body.decode()
    everything = f"{answer.headers} {text}"
    if not 400 <= answer.status < 500:
        return f"{answer.status} {text[:200]}"
    problem = answer.json()
    wanted = {"type", "title", "status", "detail", "instance", "code"}
    if "error" in problem:  # RFC 6749, section 5.2
        wanted |= {"error", "error_description"}
        is_formed = answer.header("content-type") == "application/json" and answer.status == 400
        return "" if is_formed and problem.keys() - {"errors"} == wanted else text[:200]
    if answer.header("content-type") != "application/problem+json":
        return f"{answer.status} of type {answer.header('content-type')}"
    if problem.keys() - {"errors"} != wanted or problem["status"] != answer.status:
        return f"{answer.status} without the shape of a problem: {text[:200]}"
    if ("errors" in problem) != (answer.status == 422):
        return f"{answer.status} with or without errors: {text[:200]}"
    return f"the value is repeated: {everything[:600]}" if CANARY in everything else ""


@pytest.fixture
def routes(service: Service) -> list[Route]:
    document = service.openapi()
    schemas = document["components"]["schemas"]
    return [
        Route(method.upper(), path, operation, schemas)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.fixture
async def sender(service: Service, admin: Person) -> Sender:
    ids = {}
    for name, thing in things().items():
        if thing.create is not None:
            path, body = thing.create
            ids[name] = (await admin.post(path, body())).json()["id"]
    dead, _ = await leave_failed(service.state.container.database())
    ids["job_id"] = str(await leave_job(service.state.container.database(), UUID(admin.id)))
    # Another handler than that of the delivery, which stays unchanged.
    return Sender(service, admin, delivery_id=str(dead), handler_id="user.email_key_made", **ids)


# --- Bodies -------------------------------------------------------------------------------------


def type_of(text: str) -> str:
    """The JSON type of a text."""
    value = json.loads(text)
    names = {"NoneType": "null", "bool": "boolean", "int": "integer", "float": "number"}
    names |= {"str": "string", "list": "array", "dict": "object"}
    return names[type(value).__name__]


def bad_values(name: str, schema: dict[str, Any]) -> Iterator[str]:
    """Return JSON texts that a field of a body must refuse."""
    taken = {schema.get("type", "string"), "null" if schema.get("nullable") else ""}
    if kind_of(schema) != "text":
        taken.discard("string")  # not any string
    yield from (text for kind, text in BAD["types"].items() if kind not in taken)
    yield from BAD["values"]["body"]
    yield from BAD["values"]["number"] if kind_of(schema) != "integer" else ()
    of_kind = BAD["values"][kind_of(schema)]
    yield from (text for text in of_kind if text != "null" or not schema.get("nullable"))
    if kind_of(schema) == "text":
        yield from bad_texts(name, schema)
    if kind_of(schema) == "array":
        yield json.dumps([str(number) for number in range(schema["maxItems"] + 1)])


def bad_texts(name: str, schema: dict[str, Any]) -> Iterator[str]:
    longest = schema["maxLength"]
    yield json.dumps((CANARY * longest)[: longest + 1])
    if not is_opaque(name):
        # At the maximal length, and three times as long after normalization.
        yield json.dumps("\ufb2c" * longest)
        yield from BAD["values"]["legible"]
    if name not in SEVERAL_LINES and not is_opaque(name):
        yield from BAD["values"]["line"]
    if schema.get("minLength", 0) > 0 and not is_opaque(name):
        yield from BAD["values"]["blank"]
    yield from in_kind(name, BAD["values"]) or []


def kind_of(schema: dict[str, Any]) -> str:
    """Return which list of bad values applies to a field."""
    if "enum" in schema or "const" in schema:
        return "choice"
    if schema.get("format") in FORMATS:
        return str(schema["format"])
    if schema["type"] == "string":
        return "text" if "maxLength" in schema else "choice"  # one with a pattern
    return str(schema["type"])


def with_field(body: dict[str, Any], name: str, text: str) -> bytes:
    """The body with the text in place of a field's value; the text may be invalid JSON."""
    others = json.dumps({key: value for key, value in body.items() if key != name})[1:-1]
    members = [others] * bool(others) + [f'"{name}": {text}']
    return f"{{{', '.join(members)}}}".encode()


async def test_the_valid_bodies_are_accepted(routes: list[Route], sender: Sender) -> None:
    """So that the tests below are refused only for their one error."""
    for route in (route for route in routes if route.fields("application/json")):
        answer = await sender(route, body=json.dumps(route.good).encode())
        assert answer.status < 500, (route.name, answer.body)
        assert answer.status not in {413, 415}, (route.name, answer.body)
        codes = {each["code"] for each in answer.json().get("errors", [])} if answer.body else set()
        assert not codes & OF_FORM, (route.name, answer.body)


async def test_a_bad_value_is_refused_in_every_field_of_every_body(
    routes: list[Route], sender: Sender
) -> None:
    for route in routes:
        for name, schema in route.fields("application/json"):
            for text in bad_values(name, schema):
                body = with_field(route.good, name, text)
                await sender.refused(f"{name} = {text[:80]}", route, body=body)
    assert sender.accepted == []
    assert sender.sent > 500


async def test_a_bad_body_is_refused_by_every_route(routes: list[Route], sender: Sender) -> None:
    generated = [
        b"[" * 33 + b"]" * 33,
        b"[" * 1_000,
        b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": 0.' + b"9" * 5_000 + b"}",
        b"{" + b", ".join(b'"%d": 1' % number for number in range(20_000)) + b"}",
        b'{"a": "' + b"a" * 2**17 + b'"}',
    ]
    bodies = [text.encode("latin-1") for text in BAD["bodies"]["json"]] + generated
    for route in (route for route in routes if route.fields("application/json")):
        for body in bodies:
            await sender.refused(f"body {body[:60]!r}", route, body=body)
            await sender.refused(f"chunked {body[:60]!r}", route, body=chunked(body))
        extended = with_field(route.good, "unknown", f'"{CANARY}"')
        await sender.refused("an unknown field", route, body=extended)
        await sender.refused("half a body", route, body=[b'{"a":'])
    assert sender.accepted == []
    assert sender.sent > 500


def chunked(body: bytes) -> Iterator[bytes]:
    size = max(1, len(body) // 3)
    yield from (body[start : start + size] for start in range(0, len(body), size))
    yield b""


async def test_a_bad_form_is_refused(routes: list[Route], sender: Sender) -> None:
    for route in (route for route in routes if route.fields(FORM)):
        bodies = [text.encode("latin-1") for text in BAD["bodies"]["form"]]
        bodies += [b"&".join(b"a%d=1" % number for number in range(101)), b"a" * (2**14 + 1)]
        for name, schema in route.fields(FORM):
            if "maxLength" in schema:
                bodies.append(f"{name}={CANARY * schema['maxLength']}".encode())
        for body in bodies:
            await sender.refused(f"form {body[:60]!r}", route, body=body, media_type=FORM)
    assert sender.accepted == []


async def test_a_body_of_another_type_is_refused(routes: list[Route], sender: Sender) -> None:
    for route in routes:
        if "requestBody" not in route.operation:
            continue
        other = "application/json" if route.fields(FORM) else FORM
        for media_type in [*BAD["headers"]["content-type"], other, None]:
            body = json.dumps(route.good).encode()
            await sender.refused(f"type {media_type}", route, body=body, media_type=media_type)
    assert sender.accepted == []


# --- Queries ------------------------------------------------------------------------------------


def encoded(name: str, value: str) -> bytes:
    text = quote_from_bytes(value.encode("utf-8", "surrogatepass"), safe="")
    return f"{name}={text}".encode()


def bad_query_values(name: str, schema: dict[str, Any]) -> Iterator[str]:
    kind = name if name in BAD["query"] else kind_of(schema)
    if kind in BAD["query"]:
        texts = (json.loads(f'"{text}"') for text in BAD["query"][kind])
        yield from (text for text in texts if not is_within(text, schema))
        yield from (str(limit) for limit in (schema.get("maximum", 10_000) + 1, 2**63, 2**64))
    elif kind == "text":
        yield from (json.loads(text) for text in bad_texts(name, {**schema, "minLength": 0}))
        yield ""
    else:
        strings = (text for text in BAD["values"][kind] if type_of(text) == "string")
        yield from (json.loads(text) for text in strings)


def is_within(text: str, schema: dict[str, Any]) -> bool:
    """Return whether the text is a whole number that the schema accepts."""
    if schema["type"] != "integer" or not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        return False
    least, most = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    return bool(least <= int(text) <= most)


async def test_a_bad_value_is_refused_in_every_parameter_of_every_query(
    routes: list[Route], sender: Sender
) -> None:
    for route in routes:
        for name, schema in route.parameters("query"):
            for value in bad_query_values(name, schema):
                await sender.refused(f"{name} = {value!r}", route, query=encoded(name, value))
    assert sender.accepted == []
    assert sender.sent > 150


async def test_an_unknown_or_repeated_parameter_is_refused_by_every_route(
    routes: list[Route], sender: Sender
) -> None:
    queries = [
        text.encode("latin-1") for text in BAD["query"]["malformed"] + BAD["query"]["unknown"]
    ]
    queries.append(b"&".join(b"a%d=1" % number for number in range(101)))
    queries.append(b"a=" + CANARY.encode() * 10_000)
    for route in routes:
        twice = [f"{name}=1&{name}=1".encode() for name, _ in route.parameters("query")]
        for query in queries + twice:
            await sender.refused(f"query {query[:60]!r}", route, query=query)
    assert sender.accepted == []


async def test_a_changed_cursor_is_refused(
    routes: list[Route], sender: Sender, admin: Person
) -> None:
    await admin.write_note()
    cursor: str = (await admin.get("/notes?limit=1")).json()["next_cursor"]
    bent = [
        cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        for place in range(len(cursor))
    ]
    bent += [cursor[:-1], cursor + "A", cursor + "=", cursor * 2, cursor[::-1], cursor.swapcase()]
    [route] = [route for route in routes if route.name == "GET /api/v1/notes"]
    for each in bent:
        await sender.refused(f"cursor {each}", route, query=encoded("cursor", each))
    await sender.refused("of another list", route, query=encoded("cursor", cursor) + b"&q=a")
    assert sender.accepted == []


# --- Addresses and headers ----------------------------------------------------------------------


async def test_a_bad_id_or_name_is_refused_in_every_address(
    routes: list[Route], sender: Sender
) -> None:
    ids = [json.loads(text) for text in BAD["values"]["uuid"]]
    quoted = [encoded("", each)[1:].decode() for each in ids]
    for route in routes:
        for name, _ in route.parameters("path"):
            for text in BAD["paths"]["name"] + (quoted if name.endswith("_id") else []):
                path = route.path.replace(f"{{{name}}}", text)
                body = json.dumps(route.good).encode()
                await sender.refused(f"{name} = {text}", route, path=path, body=body)
    assert sender.accepted == []
    assert sender.sent > 300


async def test_bad_credentials_are_refused_by_every_route_that_requires_some(
    routes: list[Route], sender: Sender
) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 100_000).rstrip(b"=").decode()
    huge = base64.urlsafe_b64encode(b'{"alg":' + b"9" * 5_000 + b"}").rstrip(b"=").decode()
    generated = [
        f"Bearer {CANARY * 20_000}",
        f"Bearer {deep}.{deep}.x",
        f"Bearer {huge}.e30.x",
        None,
    ]
    closed = [route for route in routes if route.operation["security"]]
    assert len(closed) > 10
    for route in closed:
        for value in BAD["headers"]["authorization"] + generated:
            headers = {"authorization": value}
            await sender.refused(f"authorization {str(value)[:60]}", route, headers=headers)
    assert sender.accepted == []


async def test_a_bad_if_match_is_refused_by_every_route_that_requires_one(
    routes: list[Route], sender: Sender
) -> None:
    writes = [route for route in routes if "If-Match" in dict(route.parameters("header"))]
    assert len(writes) >= 7
    for route in writes:
        for value in [*BAD["headers"]["if-match"], None]:
            body = json.dumps(route.good).encode()
            what = f"if-match {value}"
            await sender.refused(what, route, headers={"if-match": value}, body=body)
    assert sender.accepted == []


async def test_unknown_headers_are_ignored(routes: list[Route], sender: Sender) -> None:
    odd = [
        "",
        "c4n4ry" * 10_000,
        "\x00",
        "ÿ",
        "\x7f",
        "'\"<>&",
        "../../etc/passwd",
        "%00",
        "{}",
        "1e999",
    ]
    names = ["x-request-id", "traceparent", "if-none-match", "accept", "accept-language", "cookie"]
    names += ["origin", "x-forwarded-for", "forwarded", "range", "content-length"]
    create = next(route for route in routes if route.name == "POST /api/v1/notes")
    body = json.dumps(create.good).encode()
    for name in names:
        for value in odd:
            answer = await sender(create, headers={name: value}, body=body)
            assert answer.status == 201, (name, value, answer.body)
            assert CANARY not in str(answer.headers), name
