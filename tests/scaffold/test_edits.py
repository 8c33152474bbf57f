"""An edit of a file of Python changes what it has to, and nothing else."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold import edits
from scaffold.places import value_of
from scaffold.source import Unclear

CONTAINER = '''\
"""The service's modules."""

from app.modules.task.container import TaskContainer
from app.modules.user.container import UserContainer
from app.shared.container import BaseContainer, module


class ApplicationContainer(BaseContainer):
    user = module(UserContainer)
    task = module(
        TaskContainer, has_active_user=user.has_active_user, find_contact=user.find_contact
    )
'''

SHAPES = {
    "as the base has it": CONTAINER,
    "an import of several lines": CONTAINER.replace(
        "from app.shared.container import BaseContainer, module",
        "from app.shared.container import (  # the base\n    BaseContainer,\n    module,  # one\n)",
    ),
    "an import with backslashes": CONTAINER.replace(
        "import BaseContainer, module", "import \\\n    BaseContainer, \\\n    module"
    ),
    "comments everywhere": CONTAINER.replace("\n\n\nclass", "  # last\n\n# Ours\nclass")
    .replace("    task =", "    # Below\n    task =")
    .replace("(UserContainer)", "(UserContainer)  # first"),
    "no line end at the end": CONTAINER.rstrip("\n"),
    "a comment at the end of the class": CONTAINER + "    # More modules go here\n",
    "tabs": CONTAINER.replace("    ", "\t"),
    "code after the class": CONTAINER + "\n\ndef build() -> None:\n    ApplicationContainer()\n",
    "a header above the imports": "# Copyright\n" + CONTAINER,
    "no docstring": CONTAINER.partition("\n\n")[2],
    "letters of several bytes": CONTAINER.replace("The service's", "Módulos do serviço 🏗"),
    "a form feed": CONTAINER.replace("\n\n\nclass", "\n\f\n\nclass"),
    "an import in a block": CONTAINER.replace(
        "\n\n\nclass",
        "\n\nif True:\n    from app.modules.zoo.container import Zoo as _Zoo\n\n\nclass",
    ),
    "two statements on one line": CONTAINER.replace(
        "(UserContainer)", "(UserContainer); spare = module(UserContainer)"
    ),
    "a method of its own": CONTAINER
    + "\n    @classmethod\n    def extend(cls, app):\n        '''Add nothing.'''\n",
}

MODULE = "app.modules.invoice.container"
LINE = "invoice = module(InvoiceContainer)"


def with_module(text: str) -> str:
    text = edits.add_import(text, MODULE, "InvoiceContainer")
    return edits.add_to_class(text, "ApplicationContainer", LINE)


def without_module(text: str) -> str:
    text = edits.remove_from_class(text, "ApplicationContainer", "invoice")
    return edits.remove_import(text, MODULE, "InvoiceContainer")


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_two_lines_more_are_the_only_difference(text: str) -> None:
    lines = with_module(text).splitlines()
    kept = [line for line in lines if "nvoice" not in line]
    assert kept == text.splitlines()
    assert [line.strip() for line in lines if "nvoice" in line] == [
        f"from {MODULE} import InvoiceContainer",
        LINE,
    ]
    ast.parse("\n".join(lines))


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_what_was_added_is_taken_out_without_a_trace(text: str) -> None:
    assert without_module(with_module(text)).rstrip("\n") == text.rstrip("\n")


def test_an_import_gets_its_place_in_the_order_of_the_alphabet() -> None:
    lines = with_module(CONTAINER).splitlines()
    assert lines.index(f"from {MODULE} import InvoiceContainer") == 2


def test_a_name_that_is_imported_already_is_not_imported_again() -> None:
    assert edits.add_import(CONTAINER, "app.shared.container", "module") == CONTAINER


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from a import b\n", "from a import b, z\n"),
        ("from a import b  # why\n", "from a import b, z  # why\n"),
        ("from a import (b, c)\n", "from a import (b, c, z)\n"),
        ("from a import (\n    b,\n    c,  # why\n)\n", None),
        ("from a import (\n    b,\n    c  # why\n)\n", None),
        ("from a import (\n    b, c\n    # the end\n)\n", None),
        ("from a import b, \\\n    c\n", "from a import b, \\\n    c, z\n"),
        ("from a import *\n", "from a import *\nfrom a import z\n"),
        ("import a\n", "import a\nfrom a import z\n"),
        ("from . import a\n", "from . import a\nfrom a import z\n"),
        ('"""Told."""\n', '"""Told."""\n\nfrom a import z\n'),
        ("", "from a import z\n"),
        ("x = 1\n", "from a import z\nx = 1\n"),
    ],
)
def test_an_import_is_added_to_any_form_of_imports(text: str, expected: str | None) -> None:
    result = edits.add_import(text, "a", "z")
    assert expected is None or result == expected
    (found,) = [
        node
        for node in ast.walk(ast.parse(result))
        if isinstance(node, ast.ImportFrom) and "z" in [alias.name for alias in node.names]
    ]
    assert found.module == "a"
    assert result.count("#") == text.count("#")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E = (A, B)\n", "E = (A, B, Z)\n"),
        ("E = (A,)\n", "E = (A, Z)\n"),
        ("E = ()\n", "E = (Z,)\n"),
        ("E = A, B\n", "E = A, B, Z\n"),
        ("E = []\n", "E = [Z]\n"),
        ("E = (\n    A,\n    B,\n)\n", "E = (\n    A,\n    B,\n    Z,\n)\n"),
        ("E = (\n    A,\n    B\n)\n", "E = (\n    A,\n    B,\n    Z,\n)\n"),
        ("E = (A,\n     B)\n", "E = (A,\n     B, Z)\n"),
        ("E = (\n    A,  # one\n    # two\n)\n", "E = (\n    A,  # one\n    # two\n    Z,\n)\n"),
        ("E = [\n    A  # one, two\n]\n", "E = [\n    A,  # one, two\n    Z,\n]\n"),
    ],
)
def test_an_element_is_added_to_any_form_of_a_row(text: str, expected: str) -> None:
    assert edits.add_element(text, value_of("E"), "Z") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("H = List()\n", "H = List(Z())\n"),
        ("H = List(A())\n", "H = List(A(), Z())\n"),
        ("H = List(A(b=(1, 2)), c=f())\n", "H = List(A(b=(1, 2)), c=f(), z=Z())\n"),
        ("H = List(\n    A(),\n)\n", "H = List(\n    A(),\n    Z(),\n)\n"),
        (
            "H = List(\n    A(), *more,  # all\n)\n",
            "H = List(\n    A(), *more,  # all\n    Z(),\n)\n",
        ),
    ],
)
def test_an_argument_is_added_to_any_form_of_a_call(text: str, expected: str) -> None:
    argument = "z=Z()" if "z=" in expected else "Z()"
    assert edits.add_argument(text, value_of("H"), argument) == expected


@pytest.mark.parametrize(
    "text",
    [
        CONTAINER.replace("class ApplicationContainer", "class Shop"),
        CONTAINER + "\n\n" + CONTAINER.partition("\n\n\n")[2],
        "class ApplicationContainer(BaseContainer): user = module(UserContainer)\n",
        CONTAINER + "    a = 1; b = 2\n",
        CONTAINER + "    x = (\n",
        "MODULES = {'user': UserContainer}\n",
    ],
    ids=["another name", "two", "one line", "one line with more", "no Python", "no class"],
)
def test_a_container_that_is_not_clear_is_refused(text: str) -> None:
    with pytest.raises(Unclear):
        edits.add_to_class(text, "ApplicationContainer", LINE)


def test_a_comment_is_never_lost() -> None:
    told = with_module(CONTAINER).replace(LINE, f"{LINE}  # since May")
    with pytest.raises(Unclear, match="comment"):
        without_module(told)


def test_a_statement_is_added_before_the_return_of_a_function() -> None:
    text = "def routes(a):\n    r = R()\n    # get\n    r.get(a)\n    # all\n    return r\n"
    expected = text.replace("    # all", "    r.post(\n        a\n    )\n    # all")
    assert edits.add_before_return(text, "routes", "r.post(\n    a\n)\n") == expected
    with pytest.raises(Unclear):
        edits.add_before_return("def routes(a):\n    return R()\n", "routes", "r.post(a)")


def test_a_line_of_a_text_is_added_before_another() -> None:
    text = 'R = """\nGET /a\nGET /c\n"""\n'
    in_order = edits.add_line_of_text(text, value_of("R"), "GET /b", before="GET /c")
    assert in_order == 'R = """\nGET /a\nGET /b\nGET /c\n"""\n'
    last = edits.add_line_of_text(text, value_of("R"), "GET /d", before=None)
    assert last == 'R = """\nGET /a\nGET /c\nGET /d\n"""\n'


WORDS = st.sampled_from(["A", "B(1)", "c=2", "*d", "# why\n", "\n", "\n\n    ", ",", " ", "\\\n"])


@given(st.lists(WORDS, max_size=12))
def test_any_call_gets_its_argument_or_is_left_alone(parts: list[str]) -> None:
    text = f"H = List({''.join(parts)})\n"
    try:
        changed = edits.add_argument(text, value_of("H"), "z=Z()")
    except Unclear:
        return
    call = ast.parse(changed).body[0].value  # type: ignore[attr-defined]
    added = call.keywords.pop()
    assert ast.unparse(added) == "z=Z()"
    assert ast.dump(call) == ast.dump(ast.parse(text).body[0].value)  # type: ignore[attr-defined]
    assert changed.count("#") == text.count("#")
