"""The task module, put together."""

import datetime as dt
from collections.abc import Awaitable, Callable
from uuid import UUID

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.core.cursors import Cursors
from app.modules.task.application.usecases.assign_task import AssignTask
from app.modules.task.application.usecases.cancel_task import CancelTask
from app.modules.task.application.usecases.complete_task import CompleteTask
from app.modules.task.application.usecases.create_task import CreateTask
from app.modules.task.application.usecases.delete_task import DeleteTask
from app.modules.task.application.usecases.get_task import GetTask
from app.modules.task.application.usecases.list_tasks import ListTasks
from app.modules.task.application.usecases.purge_bin import PurgeBin
from app.modules.task.application.usecases.reopen_task import ReopenTask
from app.modules.task.application.usecases.restore_task import RestoreTask
from app.modules.task.application.usecases.revise_task import ReviseTask
from app.modules.task.application.usecases.start_task import StartTask
from app.modules.task.domain.events import EVENTS
from app.modules.task.infrastructure.external import UserDirectory
from app.modules.task.infrastructure.readers import SqlTaskReader
from app.modules.task.infrastructure.repositories import SqlTaskUnitOfWork
from app.modules.task.presentation.controllers import TaskController
from app.modules.task.presentation.routes import task_routes
from app.shared.application.base_usecase import Clock
from app.shared.infrastructure.database.connection import Database

PERMISSIONS = {"user": {"task:read", "task:write"}, "admin": {"task:read", "task:write"}}


class TaskContainer(DeclarativeContainer):
    database: Dependency[Database] = Dependency()
    clock: Dependency[Clock] = Dependency()
    cursors = Dependency(instance_of=Cursors)
    bin_keep = Dependency(instance_of=dt.timedelta)
    has_active_user: Dependency[Callable[[UUID], Awaitable[bool]]] = Dependency()

    uow = Factory(SqlTaskUnitOfWork, database=database)
    reader = Singleton(SqlTaskReader, database=database)
    directory = Singleton(UserDirectory, has_active_user=has_active_user)

    controller = Singleton(
        TaskController,
        create_task=Singleton(CreateTask, uow=uow.provider, clock=clock),
        get_task=Singleton(GetTask, reader=reader),
        list_tasks=Singleton(ListTasks, reader=reader, cursors=cursors),
        revise_task=Singleton(ReviseTask, uow=uow.provider, clock=clock),
        start_task=Singleton(StartTask, uow=uow.provider, clock=clock),
        complete_task=Singleton(CompleteTask, uow=uow.provider, clock=clock),
        reopen_task=Singleton(ReopenTask, uow=uow.provider, clock=clock),
        cancel_task=Singleton(CancelTask, uow=uow.provider, clock=clock),
        assign_task=Singleton(AssignTask, uow=uow.provider, directory=directory, clock=clock),
        delete_task=Singleton(DeleteTask, uow=uow.provider, clock=clock),
        restore_task=Singleton(RestoreTask, uow=uow.provider, clock=clock),
    )
    purge_bin = Singleton(PurgeBin, uow=uow.provider, clock=clock, keep=bin_keep)
    routers = List(Singleton(task_routes, controller))
    events = Object(EVENTS)
