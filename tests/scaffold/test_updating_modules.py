"""`module update` brings what the recipe writes today to modules that an earlier one made."""

import shutil
import subprocess
import sys
from typing import Final

import pytest

from tests.scaffold.small_project import ADD, SmallProject
from tests.support.server import ROOT

ENTITY: Final = "app/modules/invoice/domain/entities.py"
TEMPLATE: Final = "scaffold/modules/recipe/app/modules/{name}/domain/entities.py.jinja"
OLD: Final = "always valid, as far as this older recipe knows"


@pytest.fixture
def older(project: SmallProject) -> SmallProject:
    """A project whose module was made by an older tool, and was edited since."""
    shutil.copytree(ROOT / "scaffold", project.root / "scaffold")
    project.replace(TEMPLATE, "always valid, and changed only by its own methods", OLD)
    project.commit()
    subprocess.run(  # noqa: S603 - our own tool
        [sys.executable, "-m", "scaffold", *ADD.split()], cwd=project.root, check=True
    )
    assert OLD in project.read(ENTITY)
    project.commit()
    project.replace(ENTITY, "    def delete(self)", "    # Ours\n    def delete(self)")
    shutil.rmtree(project.root / "scaffold")
    shutil.copytree(ROOT / "scaffold", project.root / "scaffold")
    project.commit()
    return project


def test_a_module_gets_the_recipe_of_today_and_keeps_its_edits(older: SmallProject) -> None:
    older.does("module update invoice")
    assert OLD not in older.read(ENTITY)
    assert "always valid, and changed only by its own methods" in older.read(ENTITY)
    assert "    # Ours\n    def delete(self)" in older.read(ENTITY)
    assert older.changed() == [".alicerce/modules/invoice.toml", ENTITY]
    older.commit()
    older.does("module update --all")
    assert "Nothing to do" in older.out
    assert older.changed() == []


def test_a_module_of_an_older_recipe_is_updated_before_its_fields_change(
    older: SmallProject,
) -> None:
    told = older.refuses("field add invoice note:text:optional")
    assert "python -m scaffold module update invoice" in told
    assert "python -m scaffold module update invoice" in older.refuses(
        "field remove invoice number"
    )


def test_an_edit_of_a_line_that_the_recipe_changes_is_refused(older: SmallProject) -> None:
    older.replace(ENTITY, OLD, "as we like it")
    older.commit()
    told = older.refuses("module update --all")
    assert "as we like it" in told
    assert "always valid, and changed only by its own methods" in told


def test_a_module_whose_recipe_is_not_in_the_history_is_refused(older: SmallProject) -> None:
    kept = ".alicerce/modules/invoice.toml"
    line = next(line for line in older.read(kept).splitlines() if ENTITY in line)
    older.replace(kept, line, f'"{ENTITY}" = "0123456789abcdef"')
    older.commit()
    told = older.refuses("module update invoice")
    assert "No version of scaffold/ in the project's history" in told
