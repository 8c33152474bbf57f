"""Roles from the command line."""

import pytest

from tests.integration.cli.conftest import Run, Set

ADMIN = "admin@example.com"


@pytest.fixture(autouse=True)
def database(run: Run, set_to: Set, clean_database: None, database_url: str) -> None:
    """A database of each kind, with an administrator."""
    set_to(database_url=database_url)
    assert run("users", "create-admin", ADMIN).code == 0


def test_an_account_gets_exactly_the_roles_that_are_named(run: Run) -> None:
    given = run("users", "set-roles", ADMIN, "admin", "admin")
    assert given == (0, f"{ADMIN} has the roles admin.\n", "")
    assert run("users", "set-roles", ADMIN, "user", "admin").output.endswith("admin, user.\n")


def test_an_undeclared_role_is_refused_with_the_list_of_roles(run: Run) -> None:
    refused = run("users", "set-roles", ADMIN, "admin", "root")
    assert refused == (1, "", "roles/1: must be one of admin, user\n")


def test_the_last_administrator_keeps_the_role(run: Run) -> None:
    code, _, errors = run("users", "set-roles", ADMIN, "user")
    assert (code, errors.startswith("This is the last active administrator")) == (1, True)


def test_an_unknown_account_is_reported_and_nothing_is_changed(run: Run) -> None:
    refused = run("users", "set-roles", "ana@example.com", "user")
    assert refused == (1, "", "There is no such user.\n")
