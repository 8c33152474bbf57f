"""The API's documentation: the OpenAPI document, a page to try it, and the problems' pages."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Annotated, Any, Final

import fastapi_swagger
import orjson
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from app.core.exceptions import NotFound
from app.core.http.problems import documented_kinds, status_of
from app.core.http.routing import ApiRouter
from app.core.security import PUBLIC

# The page loads only what this service serves, so it works offline and under this policy.
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_START: Final = b"""\
window.addEventListener("load", function () {
  SwaggerUIBundle({ url: "openapi.json", dom_id: "#page", deepLinking: true });
});
"""

Name = Annotated[str, Field(max_length=64)]


@dataclass
class ProblemPage:
    """The page that a problem's `type` links to."""

    code: str
    status: int
    detail: str


class DocsController:
    def __init__(self, title: str, openapi: Callable[[], dict[str, Any]]) -> None:
        self._title = title
        self._openapi = openapi
        self._document: bytes | None = None
        self._problems = {
            kind.code: ProblemPage(kind.code, status_of(kind), kind.message)
            for kind in documented_kinds()
        }

    async def openapi(self) -> Response:
        """Get the OpenAPI 3.1 document."""
        if self._document is None:
            self._document = orjson.dumps(self._openapi())
        return Response(self._document, media_type="application/json")

    async def page(self) -> HTMLResponse:
        """Give the page on which the API can be read and tried."""
        page = (
            f"<!doctype html><html lang='en'><head><title>{escape(self._title)}</title>"
            "<link rel='icon' href='docs/favicon-32x32.png'>"
            "<link rel='stylesheet' href='docs/swagger-ui.css'></head><body><div id='page'></div>"
            "<script src='docs/swagger-ui-bundle.js'></script>"
            "<script src='docs/start.js'></script></body></html>"
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})

    async def asset(self, name: Name) -> Response:
        """Give a file of the page."""
        if name == "start.js":
            return Response(_START, media_type="text/javascript")
        if name not in _ASSETS:
            raise NotFound
        content = files(fastapi_swagger).joinpath("resources", name).read_bytes()
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(content, media_type=_ASSETS[name], headers=headers)

    async def explain(self, code: Name) -> ProblemPage:
        """Explain a problem.

        The `type` of every error leads here.
        """
        if code not in self._problems:
            raise NotFound
        return self._problems[code]


def docs_routes(docs: DocsController) -> ApiRouter:
    router = ApiRouter(tags=["documentation"])
    router.get("/openapi.json", docs.openapi, access=PUBLIC, include_in_schema=False)
    router.get("/docs", docs.page, access=PUBLIC, include_in_schema=False)
    router.get("/docs/{name}", docs.asset, access=PUBLIC, include_in_schema=False)
    return router


def problem_routes(docs: DocsController) -> ApiRouter:
    """The target of a problem's `type`, also if the documentation pages are off."""
    router = ApiRouter(tags=["problems"], description="What the `code` of an error means.")
    router.get("/problems/{code}", docs.explain, access=PUBLIC, raises=[NotFound])
    return router
