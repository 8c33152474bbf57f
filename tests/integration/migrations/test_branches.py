"""The two branches of migrations: each has one head, and changes only its own tables."""

import asyncio
from pathlib import Path

import pytest

from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.migration_rules import problems
from app.shared.infrastructure.database.revisions import MigrationFailed, heads, revisions
from tests.integration.migrations.conftest import Folders
from tests.support.anybody import schema_of


def test_the_migrations_of_this_code_follow_all_rules() -> None:
    assert problems() == []
    assert {"base"} <= heads().keys() <= {"base", "app"}


def test_a_table_of_a_module_in_the_base_is_refused(folders: Folders) -> None:
    change = "op.add_column('thing', sa.Column('more', sa.Integer()))"
    file = folders.write(folders.next_of_base, after=folders.base_head, upgrade=change)
    assert problems() == [
        (
            f"{file}: it changes the table thing, which is of the branch app; "
            f"write that into {folders.app}, as a migration of app"
        )
    ]


@pytest.mark.parametrize(
    "change",
    [
        "op.create_index('ix_user_name', 'user', ['full_name'])",
        "op.drop_index('ix_user_name', table_name='user')",
        "with op.batch_alter_table('user') as batch:\n    batch.drop_column('full_name')",
        "create_index_concurrently('ix_user_name', 'user', ['full_name'])",
        "create_partial_index('ix_user_name', 'user', ['full_name'], 'is_active')",
    ],
)
def test_a_table_of_the_base_in_a_project_is_refused(folders: Folders, change: str) -> None:
    file = folders.write("app_0002", after="app_0001", upgrade=change)
    assert problems() == [
        (
            f"{file}: it changes the table user, which is of the branch base; "
            f"write that into {folders.base}, as a migration of base"
        )
    ]


def test_a_second_head_of_a_branch_is_refused(folders: Folders) -> None:
    folders.write("app_0002", after="app_0001")
    file = folders.write("app_0003", after="app_0001")
    assert problems() == [
        (
            f"{file}: the branch app has a second head, app_0003 beside app_0002; "
            'let one follow the other: down_revision = "app_0002"'
        )
    ]


def test_a_first_migration_of_a_project_that_does_not_follow_the_base_is_refused(
    folders: Folders,
) -> None:
    file = folders.write("app_0001", after=None)
    assert problems() == [
        (
            f"{file}: the first migration of app must come after the base's; "
            f'write: depends_on = "{folders.base_head}"'
        )
    ]


def test_a_migration_that_follows_one_of_the_other_branch_is_refused(folders: Folders) -> None:
    folders.write("app_0002", after=folders.base_head)
    assert f"follows {folders.base_head}, which is not of the branch app; follow" in problems()[0]


def test_a_base_that_depends_on_a_project_is_refused(folders: Folders) -> None:
    folders.write(folders.next_of_base, after=folders.base_head, depends_on="app_0001")
    assert "the base must not depend on a project; write: depends_on = None" in problems()[0]


def test_a_migration_in_the_folder_of_the_other_branch_is_refused(folders: Folders) -> None:
    file = folders.write(folders.next_of_base, after=folders.base_head)
    file.rename(folders.app / file.name)
    revisions.cache_clear()
    assert "is in the folder of the branch app; call it app_0001 or the like" in problems()[0]


def test_a_migration_that_follows_an_unknown_one_is_refused(folders: Folders) -> None:
    folders.write("app_0009", after="app_0008")
    assert "there is no revision app_0008; name one of: app_0001, app_0009, base_" in problems()[0]


def test_a_name_of_two_migrations_is_refused(folders: Folders) -> None:
    (folders.app / "another.py").write_text("revision = 'app_0001'\ndown_revision = None\n")
    revisions.cache_clear()
    assert f"app_0001 exists in {folders.app}/" in problems()[0]
    assert problems()[0].endswith("; use another name")


@pytest.mark.parametrize("text", ["", "revision = 1 +", "revision = 'app_0002'\n"])
def test_a_file_without_a_migration_is_named(folders: Folders, text: str) -> None:
    (folders.app / "notes.py").write_text(text)
    revisions.cache_clear()
    with pytest.raises(MigrationFailed) as refused:
        problems()
    assert str(refused.value).startswith(f"{folders.app}/notes.py: no migration that can be read (")


async def test_nothing_is_migrated_if_a_rule_is_broken(folders: Folders, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'untouched_test.db'}"
    folders.write("app_0002", after="app_0001")
    folders.write("app_0003", after="app_0001")
    with pytest.raises(MigrationFailed, match="a second head"):
        await asyncio.to_thread(upgrade, url)
    assert await schema_of(url) == {}
