"""Tasks: from their creation to their end, for their owner or for an assignee.

Publishes TaskCreated, TaskRevised, TaskStarted, TaskCompleted, TaskReopened, TaskCancelled,
TaskAssigned, TaskUnassigned, TaskDueSoon, TaskDeleted and TaskRestored. Handles UserDeactivated and
UserDeleted, and its own TaskAssigned, TaskDueSoon and TaskCompleted, to send emails and the
webhook.
"""
