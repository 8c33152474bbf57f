"""A command shows what it would change, changes all of it, or refuses and changes nothing."""

import errno
import json
import os
from pathlib import Path

import pytest

from tests.scaffold.small_project import ADD, SmallProject


def test_a_dry_run_shows_the_difference_and_changes_nothing(project: SmallProject) -> None:
    before = project.hash()
    assert project.run(f"{ADD} --dry-run") == 2
    assert project.hash() == before
    assert "+    invoice = module(InvoiceContainer)\n" in project.out
    assert "+++ b/app/modules/invoice/domain/entities.py\n" in project.out
    assert "+invoice\n" in project.out  # of the document that is made from the code


def test_the_difference_of_a_dry_run_is_what_is_done(project: SmallProject, tmp_path: Path) -> None:
    project.run(f"{ADD} --dry-run")
    (tmp_path / "shown.diff").write_text(project.out)
    project.git("apply", str(tmp_path / "shown.diff"))
    shown = project.hash()
    project.git("stash", "--quiet", "--include-untracked")
    project.does(ADD)
    assert project.hash() == shown


def test_the_plan_is_data_too(project: SmallProject) -> None:
    assert project.run(f"{ADD} --dry-run --json") == 2
    plan = json.loads(project.out)
    assert plan["done"] is False
    kinds = {each["path"]: each["change"] for each in plan["files"]}
    assert kinds["app/container.py"] == "change"
    assert kinds["app/modules/invoice/container.py"] == "add"
    project.does(f"{ADD} --json")
    done = json.loads(project.out)
    assert done == {**plan, "done": True}
    assert sorted(kinds) == project.changed()


def test_uncommitted_changes_are_named_and_refused_without_yes(project: SmallProject) -> None:
    project.write("app/modules/task/own.py", "")
    project.replace("app/modules/task/settings.py", "bin_keep_days", "keep_days")
    told = project.refuses(ADD)
    assert "  app/modules/task/own.py\n" in told
    assert "  app/modules/task/settings.py\n" in told
    assert "--yes" in told
    project.does(f"{ADD} --yes")


def test_a_folder_that_is_no_project_is_refused(
    project: SmallProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is in no project" in project.refuses(ADD)


def test_a_command_works_in_a_folder_of_the_project(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root / "app/modules")
    project.does(ADD)
    assert (project.root / "app/modules/invoice/container.py").exists()


def test_a_project_without_a_repository_is_refused(project: SmallProject) -> None:
    (project.root / ".git").rename(project.root.parent / "elsewhere")
    assert "git init" in project.refuses(ADD)


@pytest.mark.parametrize(
    ("script", "told"),
    [(None, "install git"), ("echo git version 2.10.1", "is too old: install git")],
    ids=["none", "too old"],
)
def test_git_has_to_be_there_and_new_enough(
    project: SmallProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str | None,
    told: str,
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    if script:
        (tools / "git").write_text(f"#!/bin/sh\n{script}\n")
        (tools / "git").chmod(0o755)
    path = str(tools) if script is None else f"{tools}{os.pathsep}/bin"
    monkeypatch.setenv("PATH", path)
    assert told in project.refuses(ADD)


def test_a_disk_that_is_full_while_the_change_is_tried_is_a_refusal(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a/file")

    monkeypatch.setattr("scaffold.staging.shutil.copy2", full)
    told = project.refuses(ADD)
    assert told == "a/file: No space left on device; nothing was changed\n"


def test_a_service_that_would_not_start_is_refused(project: SmallProject) -> None:
    project.replace("app/container.py", "user = module", "broken = 'Broken'\n    user = module")
    project.commit()
    told = project.refuses(ADD)
    assert "would not start" in told
    assert "Broken is no module; remove it" in told


@pytest.mark.parametrize(
    "change",
    [
        ("class ApplicationContainer(BaseContainer):", "class Shop(BaseContainer):"),
        ("class ApplicationContainer(BaseContainer):", "if True: pass\nclass A(BaseContainer):"),
    ],
)
def test_a_container_that_is_not_recognised_is_refused_with_the_lines_to_write(
    project: SmallProject, change: tuple[str, str]
) -> None:
    project.replace("app/container.py", *change)
    project.commit()
    told = project.refuses(ADD)
    assert "app/container.py was not changed, because" in told
    assert "from app.modules.invoice.container import InvoiceContainer\n" in told
    assert "    invoice = module(InvoiceContainer)\n" in told
    line = "\n    invoice = module(InvoiceContainer)\n"
    text = project.read("app/container.py")
    imported = "from app.modules.invoice.container import InvoiceContainer\n"
    project.write("app/container.py", text.replace('"""\n\n', f'"""\n\n{imported}', 1) + line)
    project.commit()
    project.does(ADD)  # the lines are there now
    assert "app/container.py" not in project.changed()


def test_an_odd_format_of_the_container_stays(project: SmallProject) -> None:
    project.replace("app/container.py", "module(UserContainer)", "module( UserContainer )  # odd")
    project.commit()
    project.does(ADD)
    difference = project.git("diff", "app/container.py")
    lines = [line for line in difference.splitlines() if line.startswith(("+", "-"))]
    assert lines[2:] == [
        "+from app.modules.invoice.container import InvoiceContainer",
        "+    invoice = module(InvoiceContainer)",
    ]


def test_files_with_other_line_ends_keep_them(project: SmallProject) -> None:
    path = project.root / "app/container.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    project.commit()
    project.does(ADD)
    content = path.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n")
    assert b"    invoice = module(InvoiceContainer)\r\n" in content
