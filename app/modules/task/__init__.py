"""Tasks: what somebody has to do, alone or for another, from its creation to its end.

Publishes TaskCreated, TaskRevised, TaskStarted, TaskCompleted, TaskReopened, TaskCancelled,
TaskAssigned, TaskUnassigned, TaskDueSoon, TaskDeleted and TaskRestored. Listens to UserDeactivated
and UserDeleted, and to its own TaskAssigned, TaskDueSoon and TaskCompleted, to send emails and the
webhook.
"""
