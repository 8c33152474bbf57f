"""What is derived from the code is never merged: it is made again after an update."""

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from scaffold.base.git import Repository
from tests.scaffold.conftest import clone_of
from tests.scaffold.test_new import release
from tests.scaffold.updates.older_project import OlderProject
from tests.support.project_copy import run_in

CATALOGUE = "docs/architecture/events.md"
MIGRATION = "app/shared/infrastructure/database/migrations/base/base_0004_addresses.py"
MIGRATES = '''\
"""Addresses in small letters.

Revision: base_0004, after base_0003.
"""

from alembic import op

revision = "base_0004"
down_revision = "base_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""UPDATE "user" SET email = lower(email)""")


def downgrade() -> None:
    """Leave them: in small letters they are as good."""
'''


@pytest.fixture
def newer(line: Repository, project: OlderProject, tmp_path: Path) -> OlderProject:
    """A project with a module, whose base has other documents, pins and a migration."""
    clone = clone_of(line.folder, tmp_path / "newer")
    for path, old, new in (
        ("docs/api/openapi.json", "Mark a task as done", "Finish a task"),
        ("docs/architecture/events.json", '"title": "', '"title": "Other '),
        (CATALOGUE, "# ", "# The "),
        ("requirements.txt", "alembic==", "alembic==0.0.1  # "),
    ):
        file = clone.folder / path
        file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    catalogue = clone.folder / CATALOGUE
    by_hand, mark, generated = catalogue.read_text("utf-8").partition(
        "<!-- What follows is written"
    )
    catalogue.write_text(by_hand + mark + generated.replace("version 1", "version one"), "utf-8")
    (clone.folder / MIGRATION).write_text(MIGRATES)
    release(clone, "7.4.0")
    project.base = clone
    run_in(project.root, "python", "-m", "scaffold", "module", "add", "remark", "title:str.80")
    project.commit()
    return project


def test_documents_stay_those_of_the_project(newer: OlderProject) -> None:
    before = newer.repository.tree("HEAD")
    newer.updates()
    after = newer.repository.tree("HEAD")
    for path in ("docs/api/openapi.json", "docs/architecture/events.json"):
        assert after[path] == before[path]
    assert "/api/v1/remarks" in json.loads(newer.read("docs/api/openapi.json"))["paths"]
    by_hand, _, generated = newer.read(CATALOGUE).partition("<!-- What follows is written")
    assert by_hand.startswith("# The ")
    assert "`remark." in generated
    assert "version one" not in generated
    assert newer.git("status", "--porcelain") == ""


def test_documents_are_made_again_where_the_code_of_the_base_changed(newer: OlderProject) -> None:
    clone = newer.base
    file = clone.folder / "app/modules/user/presentation/controllers.py"
    file.write_text(
        file.read_text("utf-8").replace('"""Register an', '"""Do register an', 1), "utf-8"
    )
    release(clone, "7.5.0")
    newer.updates()
    said = newer.out.partition("These files were made again from the code:\n")[2]
    assert said.startswith("  docs/api/openapi.json\n")
    assert "Do register an" in newer.read("docs/api/openapi.json")
    assert newer.git("log", "-1", "--format=%s").strip() == (
        "Make again what is derived from the code"
    )


def test_a_service_that_does_not_start_leaves_the_documents_to_do(newer: OlderProject) -> None:
    newer.write("app/modules/remark/ours.py", "import nothing_like_this\n")
    newer.replace(
        "app/modules/remark/container.py",
        "from app.modules.remark",
        "import app.modules.remark.ours\nfrom app.modules.remark",
    )
    newer.commit()
    newer.updates()
    assert "make install openapi: ModuleNotFoundError: No module named 'nothing" in newer.out
    assert newer.git("status", "--porcelain") == ""


@pytest.fixture
def uv(newer: OlderProject) -> Path:
    """An environment of the project, whose uv writes what it was asked for."""
    programs = newer.root / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("python", "ruff"):
        (programs / name).symlink_to(Path(sys.executable).parent / name)
    (programs / "uv").write_text(
        '#!/bin/sh\nfor word; do [ "$before" != -o ] || echo "# pinned again" >> "$word"; '
        "before=$word; done\n"
    )
    (programs / "uv").chmod(0o755)
    newer.write("scripts/install.sh", "exit 1  # nothing is to be installed\n")
    newer.write("requirements.txt", newer.read("requirements.txt") + "# ours\n")
    newer.commit()
    return programs / "uv"


def test_pins_are_made_again_from_those_of_the_project(newer: OlderProject, uv: Path) -> None:
    newer.updates()
    assert newer.read("requirements.txt").endswith("# ours\n# pinned again\n")
    assert "alembic==0.0.1" not in newer.read("requirements.txt")
    assert newer.git("status", "--porcelain") == ""


def test_pins_that_cannot_be_made_are_left_to_do(newer: OlderProject, uv: Path) -> None:
    uv.write_text("#!/bin/sh\necho half > requirements.txt\necho no network >&2\nexit 1\n")
    before = newer.read("requirements.txt")
    newer.updates()
    assert "make lock, for requirements.txt" in newer.out
    assert newer.read("requirements.txt") == before


def test_a_migration_of_the_base_makes_no_second_head(newer: OlderProject, tmp_path: Path) -> None:
    where = {"APP_ENV": "test", "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}"}
    run_in(newer.root, "python", "-m", "app", "migrate", **where)
    newer.updates()
    run_in(newer.root, "python", "-m", "app.shared.infrastructure.database.migration_rules")
    run_in(newer.root, "python", "-m", "app", "migrate", **where)
    run_in(newer.root, "python", "-m", "app", "migrate", "--check", **where)
    with sqlite3.connect(tmp_path / "own.db") as connection:
        heads = {head for (head,) in connection.execute("SELECT * FROM shop_version")}
    assert heads == {"app_0002", "base_0004"}
