"""`module remove` takes away what `module add` made, and nothing else."""

from pathlib import Path

import pytest

from scaffold.modules.kept import kept_of
from scaffold.modules.render import rendered
from tests.scaffold.small_project import ADD, SmallProject

MIGRATION = "app/migrations/app_0002_invoices.py"
ENTITY = "app/modules/invoice/domain/entities.py"


def leave_no_trace(project: SmallProject) -> None:
    project.git("add", "-A")
    assert project.git("diff", "--cached", "HEAD~1") == ""
    assert not (project.root / ".alicerce").exists()
    assert list(project.root.rglob("*invoice*")) == []


def test_a_module_that_is_added_and_removed_leaves_no_trace(added: SmallProject) -> None:
    added.does("module remove invoice")
    leave_no_trace(added)


def test_a_module_that_was_never_committed_can_be_removed(project: SmallProject) -> None:
    before = project.hash()
    project.does(ADD)
    project.does("module remove invoice --yes")
    assert project.hash() == before


def test_the_files_can_be_rendered_again_from_what_is_kept(added: SmallProject) -> None:
    kept = kept_of(added.root, "invoice")
    assert kept is not None
    again = {str(path): text for path, text in rendered(kept.spec(), kept.project()).items()}
    assert again.keys() == kept.hashes.keys()
    assert {path: added.read(path) for path in again} == again


def test_other_modules_with_references_are_removed_in_the_other_order(
    added: SmallProject,
) -> None:
    added.does("module add payment invoice_id:ref.invoice amount:decimal.12.2")
    added.commit()
    told = added.refuses("module remove invoice")
    assert "app/container.py:" in told
    added.does("module remove payment")
    added.commit()
    added.does("module remove invoice")
    added.git("add", "-A")
    assert added.git("diff", "--cached", "HEAD~3") == ""


def test_files_that_were_only_formatted_in_another_way_are_not_edited(
    added: SmallProject,
) -> None:
    added.replace(ENTITY, "class Invoice(", "\n\n\nclass Invoice(")
    added.commit()
    added.does("module remove invoice")


def test_edited_and_added_files_are_named_and_refused(added: SmallProject) -> None:
    added.replace(ENTITY, "class Invoice(", "# Ours\nclass Invoice(")
    added.write("app/modules/invoice/domain/numbers.py", "FIRST = 1\n")
    added.commit()
    told = added.refuses("module remove invoice")
    assert f"  {ENTITY}\n" in told
    assert "  app/modules/invoice/domain/numbers.py\n" in told
    assert "dto.py" not in told


def test_edits_that_git_has_are_removed_with_yes(added: SmallProject) -> None:
    added.replace(ENTITY, "class Invoice(", "# Ours\nclass Invoice(")
    added.commit()
    added.does("module remove invoice --yes")
    assert not (added.root / ENTITY).exists()


def test_edits_that_git_does_not_have_are_never_removed(added: SmallProject) -> None:
    added.replace(ENTITY, "class Invoice(", "# Ours\nclass Invoice(")
    told = added.refuses("module remove invoice --yes")
    assert "would be lost" in told
    assert f"  {ENTITY}\n" in told


def test_uses_by_other_code_are_named_and_refused(added: SmallProject) -> None:
    added.write(
        "app/modules/task/application/invoices.py",
        '"""Ours."""\n\nfrom app.modules.invoice.domain.events import InvoiceCreated\n',
    )
    added.commit()
    told = added.refuses("module remove invoice --yes")
    assert told.splitlines()[1:] == ["  app/modules/task/application/invoices.py:3"]


def test_a_module_that_was_written_by_hand_is_refused(project: SmallProject) -> None:
    told = project.refuses("module remove task")
    assert "was not made by `module add`" in told
    assert "app/modules/task, tests/*/task" in told


def test_an_unknown_module_is_refused_with_the_nearest_name(added: SmallProject) -> None:
    assert "There is no module 'invioce'; did you mean invoice?" in added.refuses(
        "module remove invioce"
    )
    assert "there are: invoice, task, user" in added.refuses("module remove x")


def test_a_file_of_the_tool_that_cannot_be_read_is_refused(added: SmallProject) -> None:
    added.write(".alicerce/modules/invoice.toml", "[module]\n")
    added.commit()
    told = added.refuses("module remove invoice")
    assert "invoice.toml cannot be read ('recipe')" in told


def test_a_module_that_is_there_already_is_refused(added: SmallProject) -> None:
    assert "the module invoice is there already" in added.refuses(ADD)


# --- Tables -------------------------------------------------------------------------------------


def test_tables_that_others_may_have_stay_until_they_are_dropped(added: SmallProject) -> None:
    added.git("tag", "v1")
    added.does("module remove invoice")
    assert MIGRATION in added.out
    assert "drop them by a migration" in added.out
    assert (added.root / MIGRATION).exists()
    assert not (added.root / "app/modules/invoice").exists()
    added.commit()
    assert "--drop-data" in added.refuses("module remove invoice")
    added.does("module remove invoice --drop-data")
    drop = added.read("app/migrations/app_0003_drop_invoices.py")
    assert 'down_revision = "app_0002"' in drop
    before, _, after = drop.partition("def downgrade()")
    assert 'op.drop_table("invoice")' in before
    assert "op.create_table(" in after
    assert not (added.root / ".alicerce").exists()


def test_a_migration_that_another_one_follows_stays(added: SmallProject) -> None:
    added.does("module add payment amount:decimal.12.2")
    added.commit()
    added.does("module remove invoice")
    assert "app_0003_payments.py follows the migration of invoice" in added.out
    assert (added.root / MIGRATION).exists()


def test_code_and_tables_can_go_at_once(added: SmallProject) -> None:
    added.does("module remove invoice --drop-data")
    assert (added.root / MIGRATION).exists()
    assert (added.root / "app/migrations/app_0003_drop_invoices.py").exists()
    assert "deploy the removal of the code first" in added.out


def test_tables_of_the_own_database_are_dropped_first(
    added: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "scaffold.modules.dropping._revisions_of_database", lambda _: {"app_0002", "base_0003"}
    )
    told = added.refuses("module remove invoice")
    assert "python -m app migrate --down app_0001" in told
    added.does("module remove invoice --drop-data")


def test_published_events_are_promised_no_more(added: SmallProject, tmp_path: Path) -> None:
    events = added.root / "docs/architecture/events.json"
    before = events.read_bytes()
    events.write_bytes(before.replace(b'{\n  "', b'{\n  "invoice.sent": {},\n  "', 1))
    added.commit()
    added.does("module remove invoice")
    assert events.read_bytes() == before
