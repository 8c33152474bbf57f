"""FastAPI, with our boundary around its routes."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from app.core.connections import OpenConnections
from app.core.dispatch import Dispatch
from app.core.edge import Edge
from app.core.middleware import RequestBoundary
from app.core.openapi import finished


class Service(FastAPI):
    """FastAPI, with our boundary around its routes in place of its middleware.

    The boundary turns every error into a problem document, so Starlette's own error pages and
    exception handlers, which would be the second and the third to do so, are left out.
    """

    def __init__(
        self,
        *,
        report: Callable[[Exception], object],
        edge: Edge | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._report, self._edge = report, edge
        self.open_connections = OpenConnections(edge or Edge())
        """For the server, which sees them first."""

    def build_middleware_stack(self) -> ASGIApp:
        if self.user_middleware:
            message = "middleware is not run here: wrap the application, or extend RequestBoundary"
            raise TypeError(message)
        return RequestBoundary(Dispatch(self.router), report=self._report, edge=self._edge)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = get_openapi(
                title=self.title,
                version=self.version,
                description=self.description,
                routes=self.routes,
                tags=self.openapi_tags,
                servers=self.servers or [{"url": "/"}],
            )
            self.openapi_schema = finished(document)
        return self.openapi_schema
