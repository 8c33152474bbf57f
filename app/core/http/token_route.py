"""The route of a token endpoint."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from app.core.exceptions import AppError
from app.core.http.oauth import NAMES, PRAGMA, oauth_name
from app.core.http.response_headers import referenced
from app.core.http.routing import ApiRoute


class TokenRoute(ApiRoute):
    """A route whose answers follow RFC 6749, sections 5.1 and 5.2.

    Its errors are problem documents with the members `error` and `error_description` and status
    400, as JSON. Errors of HTTP itself (413, 415, 429 or 503) are problems as elsewhere.
    """

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, sends: Sequence[str] = (), **options: Any
    ) -> None:
        super().__init__(path, endpoint, sends=["Pragma", *sends], **options)
        headers = self.responses.pop(422)["headers"]  # those of every error
        schema = {"$ref": "#/components/schemas/TokenError"}
        self.responses[400] = {
            "description": f"`error` is one of {', '.join(f'`{name}`' for name in NAMES)}.",
            "content": {"application/json": {"schema": schema}},
            "headers": {**referenced("Pragma"), **headers},
        }

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_uncached(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], PRAGMA]
            await send(message)

        try:
            await super().handle(scope, receive, send_uncached)
        except AppError as error:
            error.oauth_name = oauth_name(type(error))
            raise
