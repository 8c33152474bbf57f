"""Tasks: what somebody has to do, alone or for another, from its creation to its end.

Publishes TaskCreated, TaskRevised, TaskStarted, TaskCompleted, TaskReopened, TaskCancelled,
TaskAssigned, TaskDeleted and TaskRestored; listens to nothing yet.
"""
