"""`field add` and `field remove` change a module and keep what was written into it since."""

import json
from typing import Final

import pytest

from scaffold.modules.kept import kept_of
from tests.scaffold.small_project import SmallProject

ENTITY: Final = "app/modules/invoice/domain/entities.py"
EVENTS: Final = "app/modules/invoice/domain/events.py"
TABLES: Final = "app/modules/invoice/infrastructure/tables.py"
LIST_TEST: Final = "tests/e2e/invoice/test_list_of_invoices.py"
NOTE: Final = "field add invoice note:text:optional"
FLOW: Final = "field add invoice status:enum.draft.sent:flow(draft>sent)"
MIGRATION: Final = "app/migrations/app_0003_add_note_to_invoices.py"
RULE: Final = """
        if "number" in changes and self.number.startswith("X"):
            raise Invalid("number", "is final")
"""


def edit(project: SmallProject) -> None:
    """Write a rule, a column and an event of one's own, where new fields come too."""
    signature = '        """Change the fields; return whether any of them changed."""\n'
    project.replace(ENTITY, signature, signature + RULE.lstrip("\n"))
    project.replace(
        TABLES, "    UniqueConstraint(", '    Column("own", Text),\n    UniqueConstraint('
    )
    project.replace(TABLES, "Table, Un", "Table, Text, Un")
    project.replace(EVENTS, "InvoiceDeleted)", "InvoiceDeleted, InvoiceApproved)")
    project.commit()


# --- Adding -------------------------------------------------------------------------------------


def test_a_field_is_added_to_all_layers_with_a_migration(added: SmallProject) -> None:
    added.does(NOTE)
    assert 'Column("note", Text)' in added.read(TABLES)
    assert "note: str | None" in added.read(ENTITY)
    migration = added.read(MIGRATION)
    assert 'op.add_column("invoice", sa.Column("note", sa.Text(), nullable=True))' in migration
    assert 'op.drop_column("invoice", "note")' in migration
    assert 'down_revision = "app_0002"' in migration
    kept = kept_of(added.root, "invoice")
    assert kept is not None
    assert kept.fields[-1] == "note:text:optional"
    assert kept.migrations[-1] == MIGRATION


@pytest.mark.thorough
def test_a_dry_run_of_a_field_shows_it_and_changes_nothing(added: SmallProject) -> None:
    before = added.hash()
    assert added.run(f"{NOTE} --dry-run --json") == 2
    assert added.hash() == before
    plan = json.loads(added.out)
    assert {"path": MIGRATION, "change": "add"}.items() <= plan["files"][1].items()


def test_edits_stay_when_fields_are_added_beside_them_and_removed_again(
    added: SmallProject,
) -> None:
    edit(added)
    edited = {path: added.read(path) for path in (ENTITY, EVENTS, TABLES)}
    added.does(FLOW)
    assert RULE in added.read(ENTITY)
    assert "def send(self, *, now: dt.datetime) -> None:" in added.read(ENTITY)
    assert 'Column("own", Text)' in added.read(TABLES)
    assert 'Column("status", String(20), nullable=False)' in added.read(TABLES)
    names = "(InvoiceCreated, InvoiceUpdated, InvoiceSent, InvoiceDeleted, InvoiceApproved)"
    assert f"EVENTS = {names}\n" in added.read(EVENTS)
    added.commit()
    added.does("field remove invoice status")
    assert {path: added.read(path) for path in edited} == edited
    added.git("add", "-A")
    assert added.git("diff", "--cached", "HEAD~1") == ""


@pytest.mark.thorough
def test_existing_rows_get_the_default_of_a_field(added: SmallProject) -> None:
    added.does(
        "field add invoice rate:decimal.6.4:default=1.5 is_open:bool:default=true "
        "size:enum.s.m:default=m tags:list.str:optional"
    )
    migration = added.read("app/migrations/app_0003_add_fields_to_invoices.py")
    assert 'server_default=stored(Decimal("1.5000"), ExactDecimal(4, digits=6))' in migration
    assert "server_default=stored([], ListOf(sa.String(length=100)))" in migration
    assert "server_default=sa.true()" in migration
    assert 'server_default="m"' in migration


@pytest.mark.thorough
def test_lines_get_a_field_in_either_form(added: SmallProject) -> None:
    added.does("field add invoice", "parts:lines(name:str size:int:optional):optional")
    added.commit()
    added.does("field add invoice parts.weight:decimal:optional")
    migration = added.read("app/migrations/app_0004_add_parts_weight_to_invoices.py")
    assert 'op.drop_column("invoice_part", "weight")' in migration
    assert "    weight: Decimal | None\n" in added.read(ENTITY)
    kept = kept_of(added.root, "invoice")
    assert kept is not None
    assert kept.fields[-1] == (
        "parts:lines(name:str size:int:optional weight:decimal:optional):optional"
    )
    assert kept.tables == ("invoice", "invoice_part")
    added.commit()
    added.does("module remove invoice")
    assert list(added.root.rglob("*invoice*")) == []


@pytest.mark.thorough
def test_a_reference_is_given_in_the_container_and_taken_back(added: SmallProject) -> None:
    before = added.read("app/container.py")
    added.does("field add invoice task_id:ref.task:optional")
    line = "    invoice = module(InvoiceContainer, task_reader=task.reader)\n"
    assert line in added.read("app/container.py")
    added.commit()
    added.does("field remove invoice task_id")
    assert added.read("app/container.py") == before


@pytest.mark.thorough
def test_a_file_that_was_removed_stays_so_and_is_named(added: SmallProject) -> None:
    (added.root / LIST_TEST).unlink()
    added.commit()
    added.does("field add invoice amount:int:optional:sort")
    assert f"You had removed these files, and they stay so:\n  {LIST_TEST}\n" in added.out
    assert not (added.root / LIST_TEST).exists()


# --- Refusals -----------------------------------------------------------------------------------


REFUSED: Final = (
    ("field add invioce a_b:int:optional", "did you mean invoice?"),
    ("field add task a_b:int:optional", "task was not made by `module add`"),
    ("field add invoice number:str:optional", "number: invoice has this field already"),
    ("field add invoice amount:decimal", "1. Add it as optional: amount:decimal:optional"),
    ("field add invoice lines.name:str", "lines: the rows that are there have no value"),
    ("field add invoice owner_id:uuid:optional", "every module has this field by itself"),
    ("field add invoice a_b:integer:optional", "write int"),
    ("field add invoice a_b:int:optional a_b:int:optional", "this field is there twice"),
    ("field add invoice plan_id:ref.plan:optional", "there is no module 'plan'"),
    ("field add invoice invoice_id:ref.invoice:optional", "there is no module 'invoice'"),
    ("field remove invoice numbr", "numbr: invoice has no such field; write number"),
    ("field remove task title", "task was not made by `module add`"),
    ("module update", "Name one module, or write --all"),
    ("module update task", "task was not made by `module add`"),
)


def test_what_cannot_be_changed_is_refused(added: SmallProject) -> None:
    for command, told in REFUSED:
        assert told in added.refuses(command), command


@pytest.mark.thorough
def test_changes_that_are_not_committed_are_refused(added: SmallProject) -> None:
    added.replace(ENTITY, "class Invoice(", "# Ours\nclass Invoice(")
    assert "Commit them, or write --yes" in added.refuses(NOTE)
    added.does(f"{NOTE} --yes")
    assert "# Ours\nclass Invoice(" in added.read(ENTITY)


def test_edits_of_the_lines_that_would_change_are_shown_and_refused(added: SmallProject) -> None:
    added.replace(ENTITY, "    due_on: dt.date\n", "    due_on: dt.date  # ours\n")
    added.commit()
    told = added.refuses("field remove invoice due_on")
    assert f"  {ENTITY}\n    yours:\n          due_on: dt.date  # ours\n" in told
    assert "would be:\n      (nothing)\n" in told


@pytest.mark.thorough
def test_a_name_that_the_developer_has_given_already_is_refused(added: SmallProject) -> None:
    method = "    def approve(self) -> None:\n        pass\n\n"
    added.replace(ENTITY, "    def delete(self)", f"{method}    def delete(self)")
    added.write("app/modules/invoice/application/usecases/send_invoice.py", '"""Ours."""\n')
    added.commit()
    assert f"  {ENTITY}\n    has Invoice.approve already" in added.refuses(
        "field add invoice approve:bool:optional"
    )
    assert "usecases/send_invoice.py\n    is there already; rename it" in added.refuses(FLOW)


@pytest.mark.thorough
def test_a_file_that_is_no_python_is_refused(added: SmallProject) -> None:
    added.replace(TABLES, "invoice = Table(", "invoice = = Table(")
    added.commit()
    assert f"  {TABLES}\n    it is no Python that can be read" in added.refuses(NOTE)


@pytest.mark.thorough
def test_a_module_that_knows_of_this_one_is_no_reference(added: SmallProject) -> None:
    added.does("module add payment invoice_id:ref.invoice amount:decimal")
    added.commit()
    told = added.refuses("field add invoice payment_id:ref.payment:optional")
    assert "payment knows of invoice already" in told


@pytest.mark.thorough
def test_a_module_further_down_in_the_container_is_no_reference(added: SmallProject) -> None:
    added.does("module add payment amount:decimal")
    added.commit()
    told = added.refuses("field add invoice payment_id:ref.payment:optional")
    assert "move the line of invoice below that of payment" in told


# --- Columns ------------------------------------------------------------------------------------


def test_a_column_that_others_may_have_stays_until_it_is_dropped(added: SmallProject) -> None:
    added.git("tag", "v1")
    added.does("field remove invoice number")
    assert "field remove invoice number --drop-data" in added.out
    left = added.read("app/migrations/app_0003_leave_number_of_invoices.py")
    assert "nullable=True" in left.partition("def downgrade()")[0]
    assert 'info={"unused": ("number",)}' in added.read(TABLES)
    added.commit()
    assert "write --drop-data" in added.refuses("field remove invoice number")
    assert "drop it first" in added.refuses("field add invoice number:int:optional")
    added.does("field remove invoice number --drop-data")
    dropped = added.read("app/migrations/app_0004_drop_number_of_invoices.py")
    up, _, down = dropped.partition("def downgrade()")
    assert 'batch.drop_column("number")' in up
    assert 'sa.Column("number", sa.String(length=20), nullable=True)' in down
    assert "unused" not in added.read(TABLES)
    added.commit()
    added.does("module remove invoice --drop-data")
    assert 'op.drop_table("invoice")' in added.read("app/migrations/app_0005_drop_invoices.py")


@pytest.mark.thorough
def test_code_and_column_can_go_at_once_by_migrations_that_can_go_back(added: SmallProject) -> None:
    added.does("field add invoice size:enum.s.m:default=m rate:int:optional")
    added.commit()
    added.does("field remove invoice size --drop-data")
    assert "nullable=True" in added.read("app/migrations/app_0004_leave_size_of_invoices.py")
    dropped = added.read("app/migrations/app_0005_drop_size_of_invoices.py")
    assert 'down_revision = "app_0004"' in dropped
    assert 'server_default="m"' in dropped.partition("def downgrade()")[2]
    assert "size" not in added.read(TABLES)


@pytest.mark.thorough
def test_a_migration_that_others_may_have_run_stays(added: SmallProject) -> None:
    added.does(NOTE)
    added.commit()
    added.git("tag", "v1")
    added.does("field remove invoice note")
    assert f"{MIGRATION} is in a branch of a remote repository or in a tag" in added.out
    assert (added.root / MIGRATION).exists()
    assert list((added.root / "app/migrations").glob("app_0004*")) == []  # it may be null already


@pytest.mark.thorough
def test_the_own_database_goes_back_first(
    added: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    added.does(NOTE)
    added.commit()
    monkeypatch.setattr("scaffold.modules.dropping._revisions_of_database", lambda _: {"app_0003"})
    assert "python -m app migrate --down app_0002" in added.refuses("field remove invoice note")


@pytest.mark.thorough
def test_uses_that_are_left_are_named_and_promised_events_forgotten(added: SmallProject) -> None:
    added.does(FLOW)
    own = "app/modules/invoice/domain/own.py"
    added.write(own, 'WORDS = ["status"]\n')
    events = "docs/architecture/events.json"
    promised = added.read(events)
    added.write(events, promised.replace('{\n  "', '{\n  "invoice.sent": {},\n  "', 1))
    added.commit()
    added.does("field remove invoice status")
    assert f"These files still have the name:\n  {own}\n" in added.out
    assert added.read(events) == promised
