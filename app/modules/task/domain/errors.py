"""The errors of the rules of tasks."""

from app.core.exceptions import Conflict, Forbidden, NotFound


class TaskNotFound(NotFound):
    """The task does not exist, is deleted, or is another user's: the answer does not show which."""

    code = "task_not_found"
    message = "There is no such task."


class TaskAlreadyStarted(Conflict):
    """Only an open task can be started."""

    code = "task_already_started"
    message = "The task is already in progress."


class TaskAlreadyCompleted(Conflict):
    """A completed task must be reopened first."""

    code = "task_already_completed"
    message = "The task is already completed."


class TaskAlreadyCancelled(Conflict):
    """A cancelled task must be reopened first."""

    code = "task_already_cancelled"
    message = "The task is cancelled; reopen it first."


class TaskNotClosed(Conflict):
    """Only a completed or cancelled task can be reopened."""

    code = "task_not_closed"
    message = "The task is neither completed nor cancelled."


class TaskNotInBin(Conflict):
    """Only a deleted task can be restored."""

    code = "task_not_in_bin"
    message = "The task is not in the bin."


class OnlyTheOwner(Forbidden):
    """An assignee may work on a task; only its owner decides about its existence."""

    code = "only_the_owner"
    message = "Only the owner of the task may do this."
