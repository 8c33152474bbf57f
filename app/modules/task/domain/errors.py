"""What the rules of tasks forbid."""

from app.core.exceptions import Conflict, Forbidden, NotFound


class TaskNotFound(NotFound):
    """It does not exist, is in the bin, or is somebody else's: the answer does not tell which."""

    code = "task_not_found"
    message = "There is no such task."


class TaskAlreadyStarted(Conflict):
    """Only an open task can be started."""

    code = "task_already_started"
    message = "The task is already in progress."


class TaskAlreadyCompleted(Conflict):
    """Done is done, until it is reopened."""

    code = "task_already_completed"
    message = "The task is already completed."


class TaskAlreadyCancelled(Conflict):
    """Cancelled is cancelled, until it is reopened."""

    code = "task_already_cancelled"
    message = "The task is cancelled; reopen it first."


class TaskNotClosed(Conflict):
    """Only what was completed or cancelled can be reopened."""

    code = "task_not_closed"
    message = "The task is neither completed nor cancelled."


class TaskNotInBin(Conflict):
    """Only a deleted task can be restored."""

    code = "task_not_in_bin"
    message = "The task is not in the bin."


class OnlyTheOwner(Forbidden):
    """An assignee works on a task; what becomes of it is its owner's business."""

    code = "only_the_owner"
    message = "Only the owner of the task may do this."
