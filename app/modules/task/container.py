"""Composition of the task module."""

import datetime as dt

from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.core.concurrency_limit import ConcurrencyLimit
from app.core.cursors import Cursors
from app.core.events import EventRegistry
from app.core.limits import Limiter
from app.modules.task import factories
from app.modules.task.application.email_sender import AddressBook, TaskEmailSender
from app.modules.task.application.handlers import (
    EmptyBin,
    RemindOfDueTasks,
    WhenTaskAssignedEmailTheAssignee,
    WhenTaskCompletedSendAWebhook,
    WhenTaskDueSoonEmailTheResponsible,
    WhenUserDeactivatedReleaseTheirTasks,
    WhenUserDeletedForgetTheirTasks,
    WhenUserDeletedReleaseTheirTasks,
)
from app.modules.task.application.quotas import AssignmentQuota, TaskQuota, TaskQuotas
from app.modules.task.application.readers import TaskReader
from app.modules.task.application.seed import SeedTasks
from app.modules.task.application.usecases.assign_task import AssignTask
from app.modules.task.application.usecases.cancel_task import CancelTask
from app.modules.task.application.usecases.complete_task import CompleteTask
from app.modules.task.application.usecases.create_task import CreateTask
from app.modules.task.application.usecases.delete_task import DeleteTask
from app.modules.task.application.usecases.get_task import GetTask
from app.modules.task.application.usecases.list_tasks import ListTasks
from app.modules.task.application.usecases.reopen_task import ReopenTask
from app.modules.task.application.usecases.restore_task import RestoreTask
from app.modules.task.application.usecases.revise_task import ReviseTask
from app.modules.task.application.usecases.start_task import StartTask
from app.modules.task.application.usecases.task_history import TaskHistory
from app.modules.task.domain.events import EVENTS
from app.modules.task.domain.repositories import Directory, TaskUnitOfWork
from app.modules.task.infrastructure.external import (
    FindContact,
    HasActiveUser,
    TemplatedTaskEmailSender,
    UserAddressBook,
    UserDirectory,
)
from app.modules.task.infrastructure.readers import SqlTaskReader
from app.modules.task.infrastructure.repositories import SqlTaskUnitOfWork
from app.modules.task.presentation.controllers import TaskController
from app.modules.task.presentation.routes import task_routes
from app.modules.task.settings import TaskSettings
from app.shared.application.base_usecase import Clock
from app.shared.application.email import Mailer
from app.shared.application.http import HttpClient
from app.shared.factories import event_webhook
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer

LISTS_AT_ONCE = 2  # for each user, of the connections that all of them share


class TaskContainer(ModuleContainer):
    settings: Dependency[TaskSettings] = Dependency(instance_of=TaskSettings)
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    clock: Dependency[Clock] = Dependency()
    cursors: Dependency[Cursors] = Dependency(instance_of=Cursors)
    limiter: Dependency[Limiter] = Dependency()
    mailer: Dependency[Mailer] = Dependency()
    http_client: Dependency[HttpClient] = Dependency()
    app_name: Dependency[str] = Dependency(instance_of=str)
    links_begin_with: Dependency[str] = Dependency(instance_of=str)
    has_active_user: Dependency[HasActiveUser] = Dependency()
    find_contact: Dependency[FindContact] = Dependency()

    uow: Factory[TaskUnitOfWork] = Factory(
        SqlTaskUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    bin_keep: Singleton[dt.timedelta] = Singleton(factories.bin_keep, settings)
    quotas: Singleton[TaskQuotas] = Singleton(factories.quotas, settings)
    quota: Singleton[TaskQuota] = Singleton(TaskQuota, quotas=quotas)
    reader: Singleton[TaskReader] = Singleton(SqlTaskReader, database=database, cursors=cursors)
    directory: Singleton[Directory] = Singleton(UserDirectory, has_active_user=has_active_user)
    addresses: Singleton[AddressBook] = Singleton(UserAddressBook, find_contact=find_contact)
    email_sender: Singleton[TaskEmailSender] = Singleton(
        TemplatedTaskEmailSender,
        mailer=mailer,
        signed_by=app_name,
        links_begin_with=links_begin_with,
    )

    controller: Singleton[TaskController] = Singleton(
        TaskController,
        create_task=Singleton(CreateTask, uow=uow.provider, quota=quota, clock=clock),
        get_task=Singleton(GetTask, reader=reader),
        list_tasks=Singleton(
            ListTasks, reader=reader, concurrency=Singleton(ConcurrencyLimit, LISTS_AT_ONCE)
        ),
        revise_task=Singleton(ReviseTask, uow=uow.provider, quota=quota, clock=clock),
        start_task=Singleton(StartTask, uow=uow.provider, clock=clock),
        complete_task=Singleton(CompleteTask, uow=uow.provider, clock=clock),
        reopen_task=Singleton(ReopenTask, uow=uow.provider, clock=clock),
        cancel_task=Singleton(CancelTask, uow=uow.provider, clock=clock),
        assign_task=Singleton(
            AssignTask,
            uow=uow.provider,
            directory=directory,
            quota=Singleton(AssignmentQuota, quotas=quotas, limiter=limiter),
            clock=clock,
        ),
        delete_task=Singleton(DeleteTask, uow=uow.provider, clock=clock),
        restore_task=Singleton(RestoreTask, uow=uow.provider, clock=clock),
        task_history=Singleton(TaskHistory, reader=reader),
    )

    permissions = Object(dict.fromkeys(("user", "admin"), ("task:read", "task:write")))
    routers = List(Factory(task_routes, controller))
    events = Object(EVENTS)
    seeds = List(Singleton(SeedTasks, uow.provider))
    handlers = List(
        Singleton(WhenUserDeactivatedReleaseTheirTasks, clock=clock),
        Singleton(WhenUserDeletedForgetTheirTasks),
        Singleton(WhenUserDeletedReleaseTheirTasks, clock=clock),
        Singleton(EmptyBin, clock=clock, keep=bin_keep),
        Singleton(RemindOfDueTasks, clock=clock),
        Singleton(
            WhenTaskAssignedEmailTheAssignee,
            reader=reader,
            addresses=addresses,
            email_sender=email_sender,
        ),
        Singleton(
            WhenTaskDueSoonEmailTheResponsible,
            reader=reader,
            addresses=addresses,
            email_sender=email_sender,
        ),
        Singleton(event_webhook, WhenTaskCompletedSendAWebhook, settings, http_client, clock),
    )
