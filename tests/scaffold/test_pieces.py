"""A use case, an event or a handler more: in its place, registered, with its test."""

import ast

import pytest

from tests.scaffold.small_project import SmallProject

TASK = "app/modules/task"


def added_lines(project: SmallProject, path: str) -> list[str]:
    lines = project.git("diff", "HEAD", "--", path).splitlines()
    assert [line for line in lines if line.startswith("-") and not line.startswith("---")] == []
    return [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")]


# --- Use cases ----------------------------------------------------------------------------------


def test_a_use_case_goes_from_the_rule_to_the_address(project: SmallProject) -> None:
    project.does("usecase add task archive")
    assert project.changed() == [
        f"{TASK}/application/usecases/archive_task.py",
        f"{TASK}/container.py",
        f"{TASK}/domain/entities.py",
        f"{TASK}/presentation/controllers.py",
        f"{TASK}/presentation/routes.py",
        "tests/e2e/task/test_archive.py",
        "tests/modules/task/manifest.py",
    ]
    assert added_lines(project, f"{TASK}/container.py") == [
        "from app.modules.task.application.usecases.archive_task import ArchiveTask",
        "        archive_task=Singleton(ArchiveTask, uow=uow.provider, clock=clock),",
    ]
    assert added_lines(project, f"{TASK}/domain/entities.py") == [
        "    def archive(self, *, now: dt.datetime) -> None:",
        '        """Archive the task."""',
        "        self.updated_at = now",
        "",
    ]
    assert "return TaskView.of(task)" in project.read(
        f"{TASK}/application/usecases/archive_task.py"
    )


def test_the_manifest_lists_the_route_in_its_order(project: SmallProject) -> None:
    project.does("usecase add task archive_task")
    lines = project.read("tests/modules/task/manifest.py").splitlines()
    at = lines.index("POST   /api/v1/tasks/{task_id}/archive   task:write")
    assert "/tasks/{task_id}  " in lines[at - 1]
    assert "/tasks/{task_id}/assign " in lines[at + 1]


@pytest.mark.parametrize("name", ["complete", "list", "record", "status", "version"])
def test_a_use_case_whose_name_is_there_is_refused(project: SmallProject, name: str) -> None:
    assert f"Task has {name} already" in project.refuses(f"usecase add task {name}")


@pytest.mark.parametrize("name", ["Archive", "archive-it", "2nd", "class", ""])
def test_a_name_that_code_cannot_have_is_refused(project: SmallProject, name: str) -> None:
    assert "such as archive" in project.refuses("usecase add task", name)


def test_a_part_that_the_module_lacks_is_named(project: SmallProject) -> None:
    project.replace(f"{TASK}/application/dto.py", "class TaskView(", "class TaskShown(")
    project.commit()
    told = project.refuses("usecase add task archive")
    assert f"{TASK}/application/dto.py has no `class TaskView`" in told


# --- Events -------------------------------------------------------------------------------------


def test_an_event_is_declared_and_published(project: SmallProject) -> None:
    project.does("event add task archived reason:str at:datetime:optional")
    assert project.changed() == [
        f"{TASK}/__init__.py",
        f"{TASK}/domain/events.py",
        "tests/unit/task/test_event_archived.py",
    ]
    assert added_lines(project, f"{TASK}/domain/events.py") == [
        "@dataclass(frozen=True, slots=True)",
        "class TaskArchived(TaskEvent):",
        '    """A task was archived."""',
        "",
        '    type: ClassVar = "task.archived"',
        "",
        "    reason: str",
        "    at: dt.datetime | None = None",
        "",
        "",
        "    TaskArchived,",
    ]
    told = ast.get_docstring(ast.parse(project.read(f"{TASK}/__init__.py"))) or ""
    assert "TaskDeleted, TaskRestored and TaskArchived. Handles UserDeactivated" in " ".join(
        told.split()
    )
    assert "self.record(TaskArchived(self.id, self.owner_id, reason, at))" in project.out


def test_an_event_that_is_there_is_refused(project: SmallProject) -> None:
    assert "task.completed is there already" in project.refuses("event add task completed")


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("reason:str:unique", "the only modifier in an event is optional"),
        ("lines(name:str)", "and no lines"),
        ("reason:string", "there is no type"),
    ],
)
def test_a_field_that_no_event_has_is_refused(project: SmallProject, field: str, told: str) -> None:
    assert told in project.refuses("event add task archived", field)


# --- Handlers -----------------------------------------------------------------------------------


def test_a_handler_is_written_and_registered(project: SmallProject) -> None:
    project.does("handler add task count_completed --on task.completed")
    assert project.changed() == [
        f"{TASK}/application/handlers.py",
        f"{TASK}/container.py",
        "tests/e2e/task/__init__.py",
        "tests/e2e/task/test_handler_count_completed.py",
    ]
    text = project.read(f"{TASK}/application/handlers.py")
    assert '@subscribe(TaskCompleted, id="task.count_completed")\nclass WhenTaskCompletedCount' in (
        text
    )
    assert added_lines(project, f"{TASK}/container.py") == [
        "    WhenTaskCompletedCountCompleted,",
        "        Singleton(WhenTaskCompletedCountCompleted),",
    ]


def test_a_module_without_handlers_gets_its_first_one(added: SmallProject) -> None:
    added.does("handler add invoice forget_user --on UserDeleted --outside")
    path = "app/modules/invoice/application/handlers.py"
    assert "transactional=False" in added.read(path)
    assert "async def __call__(self, event: UserDeleted, key: str)" in added.read(path)
    container = added.read("app/modules/invoice/container.py")
    assert "    handlers = List(Singleton(WhenUserDeletedForgetUser))\n" in container
    assert "Handles `user.deleted`." in added.read("app/modules/invoice/__init__.py")


def test_an_event_that_nobody_declares_is_refused_with_the_nearest(
    project: SmallProject,
) -> None:
    told = project.refuses("handler add task greet --on user.deletd")
    assert "No module declares the event 'user.deletd'; did you mean user.deleted?" in told
    assert "there are:" in project.refuses("handler add task greet --on x.y")


def test_a_handler_that_is_there_is_refused(project: SmallProject) -> None:
    told = project.refuses("handler add task forget_user --on user.deleted")
    assert "has the handler task.forget_user already" in told


def test_handlers_that_are_no_list_are_refused_with_the_lines_to_write(
    project: SmallProject,
) -> None:
    told = project.refuses("handler add user greet --on user.registered")
    assert "because UserContainer.handlers is no List(…)" in told
    assert "Singleton(WhenUserRegisteredGreet)" in told


def test_a_cycle_of_modules_is_refused(project: SmallProject) -> None:
    told = project.refuses("handler add user praise --on task.completed")
    assert "task knows of user already (task → user)" in told


def test_a_cycle_through_a_third_module_is_refused(added: SmallProject) -> None:
    added.does("handler add invoice bill --on task.completed")
    added.commit()
    told = added.refuses("handler add user thank --on invoice.created")
    assert "(invoice → task → user)" in told


def test_all_pieces_of_a_module_go_with_it(added: SmallProject) -> None:
    start = added.git("rev-parse", "HEAD~1").strip()
    for command in (
        "usecase add invoice send",
        "event add invoice sent",
        "handler add invoice email_customer --on invoice.sent --outside",
    ):
        added.does(command)
        added.commit()
    told = added.refuses("module remove invoice")
    assert "tests/e2e/invoice/test_handler_email_customer.py" in told
    added.does("module remove invoice --yes")
    added.git("add", "-A")
    assert added.git("diff", "--cached", start) == ""
