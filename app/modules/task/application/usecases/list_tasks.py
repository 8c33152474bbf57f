"""Look through one's tasks."""

import datetime as dt
from typing import Any
from uuid import UUID

from app.core.cursors import Cursors
from app.core.turns import Turns
from app.modules.task.application.dto import TaskListQuery, TaskListRequest, TaskView
from app.modules.task.application.readers import TaskReader
from app.modules.task.domain.entities import Priority
from app.shared.application.dto import CursorPage


class ListTasks:
    """The actor's own and assigned tasks, filtered and ordered, page by page.

    A page begins after a position, not after a number of rows: a page deep in the list costs what
    the first one costs, and tasks that come and go meanwhile neither repeat nor hide others.
    But a search reads all tasks of the actor, so nobody has many lists made at once.
    """

    def __init__(self, reader: TaskReader, cursors: Cursors, turns: Turns) -> None:
        self._reader, self._cursors, self._turns = reader, cursors, turns

    async def execute(self, request: TaskListRequest) -> CursorPage[TaskView]:
        """Return a page. Raises InvalidCursor and TooManyRequests."""
        await self._turns.begin(request.actor.user_id)
        try:
            return await self._page(request)
        finally:
            self._turns.end(request.actor.user_id)

    async def _page(self, request: TaskListRequest) -> CursorPage[TaskView]:
        this_list = _describe(request)
        found = await self._reader.page(
            TaskListQuery(
                user_id=request.actor.user_id,
                filter=request.filter,
                sort=request.sort,
                descending=request.descending,
                size=request.limit + 1,  # one more tells whether there is a next page
                after=self._position(request, this_list),
            )
        )
        items = list(found[: request.limit])
        return CursorPage(
            items=items,
            next_cursor=self._cursors.seal(_position_of(items[-1], request), of=this_list)
            if len(found) > request.limit
            else None,
            limit=request.limit,
            total=await self._reader.count(request.actor.user_id, request.filter)
            if request.with_total
            else None,
        )

    def _position(self, request: TaskListRequest, this_list: str) -> tuple[Any, UUID] | None:
        if request.cursor is None:
            return None
        value, last_id = self._cursors.open(request.cursor, of=this_list)
        if request.sort == "priority":
            return Priority(value), UUID(last_id)
        return (dt.datetime.fromisoformat(value) if value else None), UUID(last_id)


def _describe(request: TaskListRequest) -> str:
    """Return what a cursor is sealed over: with another user, filter or order it is worthless."""
    wanted = sorted((name, str(value)) for name, value in request.filter.given().items())
    return repr((str(request.actor.user_id), wanted, request.sort, request.descending))


def _position_of(last: TaskView, request: TaskListRequest) -> list[str]:
    value = getattr(last, request.sort)
    text = value.isoformat() if isinstance(value, dt.datetime) else str(value or "")
    return [text, str(last.id)]
