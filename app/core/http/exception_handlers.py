"""The error handlers of FastAPI's users: `@app.exception_handler(OutOfStock)`."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, NoReturn

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from app.core.exceptions import AppError
from app.core.http.problems import status_of

Handler = Callable[..., Any]

_ANY = (500, Exception)


def handling(
    app: ASGIApp, handlers: Mapping[Any, Handler], *, tell_of_defect: Callable[[Exception], object]
) -> ASGIApp:
    """Return the application with its error handlers. An error without a handler goes on to ours.

    A number is a status, also of our errors. A handler for `Exception` gets unexpected errors,
    which are logged and reported too.
    """
    if not handlers:
        return app
    of_any = next((handlers[key] for key in _ANY if key in handlers), None)

    async def by_status(request: Request, error: AppError) -> Response:
        handler = handlers.get(status_of(type(error)))
        if handler is None:
            raise error
        return await _called(handler, request, error)

    async def defect(request: Request, error: Exception) -> Response:
        tell_of_defect(error)
        assert of_any is not None  # noqa: S101 - it is only put in where there is one
        return await _called(of_any, request, error)

    ours: dict[Any, Any] = {HTTPException: _raise, AppError: by_status}
    theirs = {key: handler for key, handler in handlers.items() if key not in _ANY}
    anything = {Exception: defect} if of_any is not None else {}
    return ExceptionMiddleware(app, handlers={**ours, **anything, **theirs})


async def _called(handler: Handler, request: Request, error: Exception) -> Response:
    if iscoroutinefunction(handler):
        answer: Awaitable[Response] = handler(request, error)
        return await answer
    response: Response = await run_in_threadpool(handler, request, error)
    return response


async def _raise(_request: Request, error: Exception) -> NoReturn:
    raise error
