"""The service's modules, a line for each, and the use cases that one module passes to another."""

from app.modules.task.container import TaskContainer
from app.modules.user.container import UserContainer
from app.shared.container import BaseContainer, module


class ApplicationContainer(BaseContainer):
    user = module(UserContainer)
    task = module(
        TaskContainer, has_active_user=user.has_active_user, find_contact=user.find_contact
    )
