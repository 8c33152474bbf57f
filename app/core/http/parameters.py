"""The kinds of parameters that an endpoint may have, and how each is read from a request."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, iscoroutinefunction, signature
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from fastapi import Depends, Request
from fastapi.params import Depends as DependsMarker
from fastapi.params import Form, Query
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.types import Receive, Scope

from app.core.exceptions import (
    Invalid,
    Malformed,
    UnsupportedMediaType,
)
from app.core.http import strict_json
from app.core.http.bodies import announces_body, read_whole
from app.core.http.cookie_authentication import presented_cookie
from app.core.http.encoded_fields import is_list, pairs_of, refuse_others
from app.core.http.header_parameters import (
    documented_idempotency_key,
    documented_if_match,
    documented_user_agent,
    idempotency_key,
    if_match,
    user_agent,
)
from app.core.http.request_forms import require_readable, require_readable_parameter
from app.core.http.schema_types import invalid
from app.core.security import Actor

_JSON: Final = {b"application/json", b"application/merge-patch+json"}
_FORM: Final = {b"application/x-www-form-urlencoded"}


@dataclass(slots=True)
class Call:
    """One request, as the readers see it."""

    scope: Scope
    headers: dict[bytes, bytes]
    actor: Actor | None
    most_values: int
    body: bytes = b""


Reader = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read every argument of one endpoint."""

    readers: tuple[tuple[str, Reader], ...]
    media_types: frozenset[bytes]  # of the body; empty if the endpoint has none
    takes_query: bool
    takes_version: bool
    takes_actor: bool
    dependencies: frozenset[Any]
    """What FastAPI would call to get the arguments."""

    async def arguments(self, call: Call, receive: Receive) -> dict[str, Any]:
        """Return the endpoint's arguments, or raise the first error in them."""
        if not self.takes_query and call.scope["query_string"]:
            _fields(call.scope["query_string"], allowed=frozenset())
        if self.media_types:
            call.body = await _read_body(call, receive, self.media_types)
        return {name: read(call) for name, read in self.readers}


class NotPlanned(Exception):
    """The endpoint cannot have a plan; the sentence says why."""


def plan_for(endpoint: Callable[..., Any], path_names: set[str]) -> Plan:
    """Return the endpoint's plan. Raises NotPlanned if it has a parameter of an unknown kind."""
    if not iscoroutinefunction(endpoint):
        raise NotPlanned("the endpoint is not `async def`")
    hints = get_type_hints(endpoint, include_extras=True)
    kinds: dict[str, _Kind] = {}
    for name, parameter in signature(endpoint).parameters.items():
        if parameter.default is not Parameter.empty:
            raise NotPlanned(
                f"its parameter `{name}` has a default: make it a field of a model of Parameters, "
                "which the endpoint takes as `query: Annotated[Model, Query()]`"
            )
        kind = _Kind.of(name, hints.get(name), path_names)
        if kind is None:
            raise NotPlanned(
                f"its parameter `{name}` is of an unknown kind: use a part of the path, one model "
                "of the query, a form or a JSON body, or a type such as CurrentActor or IfMatch"
            )
        kinds[name] = kind
    bodies = [kind.media_types for kind in kinds.values() if kind.media_types]
    queries = [kind for kind in kinds.values() if kind.is_query]
    if len(bodies) > 1 or len(queries) > 1:
        raise NotPlanned("it has two bodies or two queries: combine them in one model")
    return Plan(
        readers=tuple((name, kind.read) for name, kind in kinds.items()),
        media_types=frozenset().union(*bodies),
        takes_query=bool(queries),
        takes_version=any(kind.read is _if_match for kind in kinds.values()),
        takes_actor=any(kind.read is _actor for kind in kinds.values()),
        dependencies=frozenset(kind.dependency for kind in kinds.values()) - {None},
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    read: Reader
    media_types: frozenset[bytes] = frozenset()
    is_query: bool = False
    dependency: Any = None

    @classmethod
    def of(cls, name: str, hint: Any, path_names: set[str]) -> "_Kind | None":
        plain, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        if name in path_names and hint is not None:
            return cls(_path_reader(name, hint))
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            return cls._of_model(plain, [type(mark) for mark in marks])
        for mark in marks:
            if isinstance(mark, DependsMarker) and mark.dependency in OUR_DEPENDENCIES:
                return cls(OUR_DEPENDENCIES[mark.dependency], dependency=mark.dependency)
        return None

    @classmethod
    def _of_model(cls, model: type[BaseModel], marks: list[type]) -> "_Kind | None":
        require_readable(model)
        if not marks:
            return cls(_json_reader(model), frozenset(_JSON))
        if marks == [Form]:
            return cls(_model_reader(model, lambda call: call.body), frozenset(_FORM))
        if marks == [Query]:
            query = _model_reader(model, lambda call: call.scope["query_string"])
            return cls(query, is_query=True)
        return None


def _path_reader(name: str, hint: Any) -> Reader:
    require_readable_parameter(name, hint)
    validate = TypeAdapter(hint).validate_python

    def read(call: Call) -> Any:
        try:
            return validate(call.scope["path_params"][name])
        except ValidationError as error:
            problems = invalid(error, within="parameter").errors
            raise Invalid(errors=[{**problem, "parameter": name} for problem in problems]) from None

    return read


def _json_reader(model: type[BaseModel]) -> Reader:
    validate = model.__pydantic_validator__.validate_python

    def read(call: Call) -> Any:
        try:
            return validate(strict_json.decode(call.body, most_values=call.most_values))
        except ValidationError as error:
            raise invalid(error, within="pointer") from None

    return read


def _model_reader(model: type[BaseModel], source: Callable[[Call], bytes]) -> Reader:
    validate = model.__pydantic_validator__.validate_python
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    allowed = None if model.model_config.get("extra") == "ignore" else frozenset(fields)
    lists = frozenset(name for name, field in fields.items() if is_list(field.annotation))

    def read(call: Call) -> Any:
        try:
            return validate(_fields(source(call), allowed, lists))
        except ValidationError as error:
            raise invalid(error, within="parameter") from None

    return read


def _fields(
    encoded: bytes, allowed: frozenset[str] | None, lists: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Decode `a=1&b=2`; each value of a list has its own `a=`.

    A repeated name is refused unless it is a list, because readers differ on it. A name that is not
    allowed is refused too; None allows all.
    """
    pairs = pairs_of(encoded)
    decoded: dict[str, Any] = dict(pairs)
    for name in lists & decoded.keys():
        decoded[name] = [value for each, value in pairs if each == name]
    if len(decoded) < len(pairs) or not (allowed is None or decoded.keys() <= allowed):
        refuse_others(pairs, allowed, lists)
    return decoded


async def _read_body(call: Call, receive: Receive, media_types: frozenset[bytes]) -> bytes:
    """Read the whole body. Raises if it has another type, or is cut off."""
    content_type = call.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if content_type not in media_types:
        wanted = b" or ".join(sorted(media_types)).decode()
        if not content_type and not announces_body(call.headers):
            reason = f"There is no body; send one as {wanted}."
            raise Malformed(reason)
        reason = f"Send the body as {wanted}."
        raise UnsupportedMediaType(reason)
    return await read_whole(receive)


def _if_match(call: Call) -> int | None:
    return if_match(call.headers)


def _actor(call: Call) -> Actor | None:
    return call.actor


# FastAPI sees these, and calls them for an endpoint that is left to it.
def current_actor(request: Request) -> Actor:
    actor: Actor = request.scope["actor"]
    return actor


def documented_cookie(request: Request) -> str | None:
    return presented_cookie(dict(request.scope["headers"]), request.scope.get("root_path", ""))


OUR_DEPENDENCIES: Final[dict[Any, Reader]] = {
    current_actor: _actor,
    documented_cookie: lambda call: presented_cookie(call.headers, call.scope.get("root_path", "")),
    documented_if_match: _if_match,
    documented_idempotency_key: lambda call: idempotency_key(call.headers),
    documented_user_agent: lambda call: user_agent(call.headers),
}

CurrentActor = Annotated[Actor, Depends(current_actor)]
"""The caller. Only for routes that are not public."""

IfMatch = Annotated[int | None, Depends(documented_if_match)]
"""The version that the caller saw; None if any will do (`If-Match: *`)."""

IdempotencyKey = Annotated[str | None, Depends(documented_idempotency_key)]
"""The caller's key of this request; a repetition has the same one."""

PresentedCookie = Annotated[str | None, Depends(documented_cookie)]
"""The session cookie that a browser sent, if it is not the credential of the request."""

UserAgent = Annotated[str, Depends(documented_user_agent)]
"""The client's User-Agent, which may be any text: do not store it unchanged."""
