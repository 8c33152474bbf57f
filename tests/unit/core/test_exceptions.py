import re

import app.container  # noqa: F401 - so that the errors of the modules are there
from app.core.exceptions import ConcurrentUpdate, Conflict, Invalid, MethodNotAllowed
from app.core.http.problems import documented_kinds, status_of


def test_an_error_has_its_default_sentence_unless_it_gets_another() -> None:
    assert Conflict().detail == str(Conflict()) == Conflict.message
    assert Conflict("Not before noon.").detail == "Not before noon."
    assert str(Conflict("Not before noon.")) == "Not before noon."


def test_an_error_derived_from_a_kind_has_the_status_of_the_kind() -> None:
    assert status_of(ConcurrentUpdate) == status_of(Conflict) == 409


def test_every_kind_of_error_has_a_status_a_code_of_its_own_and_a_sentence() -> None:
    kinds = list(documented_kinds())
    assert any(kind.__module__.startswith("app.modules.") for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert 400 <= status_of(kind) < 600
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
        assert re.fullmatch(r"[A-Z].*\.", kind.message)


def test_invalid_names_one_field_or_a_list() -> None:
    one = {"pointer": "/title", "code": "too_long", "detail": "1 to 200 characters"}
    assert Invalid("title", "1 to 200 characters", code="too_long").errors == [one]
    assert Invalid(errors=[one, one]).errors == [one, one]
    assert Invalid(errors=[]).errors == []


def test_a_refused_method_lists_the_allowed_ones() -> None:
    assert MethodNotAllowed(["GET", "POST"]).allowed == ["GET", "POST"]
