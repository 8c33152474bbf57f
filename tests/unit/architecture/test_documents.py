"""The documents agree with the code."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from app.cli import cli
from app.config.documentation import MARK, as_example, as_page
from app.config.environment import EnvironmentSettings
from app.config.secret_files import is_secret
from app.config.settings import Settings
from app.container import ApplicationContainer
from app.shared.composition import settings_of
from tests.support.module_settings import empty_environment

ROOT = Path(__file__).resolve().parents[3]
MODULES = settings_of(ApplicationContainer)
KINDS: list[type[EnvironmentSettings]] = [Settings, *MODULES]
NAMES = {name for kind in KINDS for name in kind.variables()}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

ASSIGNMENT = re.compile(r"(?:# )?([A-Z][A-Z0-9_]*)=(.*)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- .env.example -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """Every setting of `.env.example`, commented out or not."""
    found = [ASSIGNMENT.fullmatch(line) for line in text_of(".env.example").splitlines()]
    pairs = [(match[1], match[2]) for match in found if match]
    assert len(dict(pairs)) == len(pairs), "a setting is there twice"
    return dict(pairs)


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty_environment(monkeypatch, tmp_path, *KINDS)


def read(kind: type[EnvironmentSettings], env_file: Path | None) -> EnvironmentSettings:
    """Read the settings of a class; those that are required have their examples."""
    fields = kind.model_fields.items()
    required = {name: (field.examples or [])[-1] for name, field in fields if field.is_required()}
    return kind(_env_file=env_file, **required)


def test_the_example_has_every_setting_and_nothing_else(example: dict[str, str]) -> None:
    for_compose = set(re.findall(r"\$\{(\w+)", text_of("docker-compose.yml")))
    assert NAMES - example.keys() == set()
    assert example.keys() - NAMES - for_compose == set()


def test_the_example_shows_the_defaults(
    example: dict[str, str], nothing_set: None, tmp_path: Path
) -> None:
    default = [read(kind, None) for kind in KINDS]
    ours = {name: value for name, value in example.items() if name in NAMES}
    (tmp_path / "example").write_text("\n".join(f"{name}={value}" for name, value in ours.items()))
    assert [read(kind, tmp_path / "example") for kind in KINDS] == default
    shown = {name for name, value in ours.items() if value}
    has_default = {
        each.variable(name) for each in default for name, value in each if value not in (None, ())
    }
    required = {
        kind.variable(name)
        for kind in MODULES
        for name, field in kind.model_fields.items()
        if field.is_required()
    }
    # the key has no default; outside production one is generated
    assert shown == has_default - required - {"JWT_SECRET_KEY"}


def test_the_example_works_as_it_is(nothing_set: None) -> None:
    for kind in KINDS:
        assert read(kind, ROOT / ".env.example") == read(kind, None)


def test_the_documented_settings_of_modules_are_generated_from_the_code() -> None:
    by_hand, _, generated = text_of(".env.example").partition(MARK)
    assert generated == as_example(MODULES)
    assert text_of("docs/deployment/settings.md") == as_page(MODULES, by_hand)


def test_the_page_of_settings_has_each_setting_once(example: dict[str, str]) -> None:
    rows = re.findall(r"^\| (`.+?`) \| ", text_of("docs/deployment/settings.md"), re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(rows))) == sorted(example)


def test_the_example_explains_each_setting() -> None:
    blocks = re.split(r"\n\s*\n", text_of(".env.example"))
    with_settings = [block for block in blocks if ASSIGNMENT.search(block)]
    unexplained = [block for block in with_settings if ASSIGNMENT.fullmatch(block.splitlines()[0])]
    assert unexplained == []


# --- docker-compose.yml -------------------------------------------------------------------------


def test_compose_sets_only_existing_settings() -> None:
    services: dict[str, Any] = YAML(typ="safe").load(text_of("docker-compose.yml"))["services"]
    image = text_of("Makefile").partition("docker build --tag ")[2].split()[0]
    ours = {name: its for name, its in services.items() if its["image"] == image}
    assert len(ours) >= 3
    assert {
        f"{name}: {key}" for name, its in ours.items() for key in its["environment"].keys() - NAMES
    } == set()


# --- docs/deployment ----------------------------------------------------------------------------


def test_the_guide_names_every_secret_that_may_be_in_a_file() -> None:
    [told] = re.findall(
        r"\*\*Secrets in files\.\*\*.+?\n\n", text_of("docs/deployment/README.md"), re.DOTALL
    )
    fields = Settings.model_fields.items()  # those of modules are named where they are described
    secrets = {name.upper() for name, field in fields if is_secret(field.annotation)}
    named = {name.removesuffix("_FILE") for name in re.findall(r"`([A-Z_]+)[`=]", told)}
    assert named - {""} == secrets


# --- make ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_only_targets_that_make_has(path: Path) -> None:
    makefiles = "\n".join(
        each.read_text("utf-8") for each in [ROOT / "Makefile", *ROOT.glob("*.mk")]
    )
    targets = set(re.findall(r"^([a-z-]+):", makefiles, re.MULTILINE))
    document = path.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", document, re.DOTALL))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) <= targets


def test_the_readme_says_how_to_run_and_to_test() -> None:
    assert {"make run", "make test"} <= set(re.findall(r"`(make \w+)`", text_of("README.md")))


# --- Tests that documents name ------------------------------------------------------------------


def security_of_modules() -> list[str]:
    """Return the section Security of each page of a module that has one."""
    pages = (page.read_text(encoding="utf-8") for page in (ROOT / "docs/modules").glob("*.md"))
    sections = (section for page in pages for section in page.split("\n## ")[1:])
    return [section for section in sections if section.startswith("Security\n")]


TEST = r"test_\w+"
NAMED = re.compile(r"`((?:unit|integration|e2e|faults|clients|scaffold)/[^`]+)`")
SECURITY = "\n".join([text_of("docs/api/security.md"), *security_of_modules()])
HABITS = text_of("docs/architecture/habits.md")
PROOFS = sorted(set(NAMED.findall(SECURITY + HABITS)))


@pytest.mark.parametrize("proof", PROOFS)
def test_every_test_that_a_document_names_exists(proof: str) -> None:
    path, _, name = proof.partition("::")
    text = text_of(f"tests/{path}")
    start = rf"^(async )?def {name or TEST}\("
    assert re.search(start, text, re.MULTILINE), proof


@pytest.mark.parametrize(
    ("page", "least"), [(SECURITY, 50), (HABITS, 30)], ids=["security", "habits"]
)
def test_every_row_names_a_test(page: str, least: int) -> None:
    rows = [line for line in page.splitlines() if re.match(r"\| (?!Requirement|a team|---)", line)]
    assert len(rows) > least
    assert [row for row in rows if not NAMED.search(row)] == []


# --- Paths and commands -------------------------------------------------------------------------

# Where a path in a document may begin: the project, or a folder that the page describes.
PLACES = ("", "tests", "app", "app/shared/infrastructure", "app/modules/user")
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:py|md|toml|sh))(?:::\w+)?`")
# Networks, and paths of an example, of a made project, of a running service or of a library; the
# first migration creates its folder.
NOT_HERE = (
    *("10.", ".alicerce/", "var/", "text/", "application/", ".venv/", "bench/results/"),
    *("app/models", "app/routes", "app/migrations"),
)
COMMAND = re.compile(r"(?:python|\.venv/bin/python) -m app ([a-z][a-z-]*(?: [a-z][a-z-]*)?)")


def paths_in(document: Path) -> set[str]:
    """Return everything in a page that looks like a path of this project."""
    found = set(PATH.findall(document.read_text(encoding="utf-8")))
    return {path for path in found if not path.startswith(NOT_HERE) and "note" not in path}


def known_commands() -> dict[str, set[str]]:
    """Return each command of `python -m app`, with its subcommands."""
    group = get_command(cli)
    return {name: set(getattr(each, "commands", {})) for name, each in group.commands.items()}  # type: ignore[attr-defined]


def is_there(path: str, document: Path) -> bool:
    places = [document.parent, *(ROOT / place for place in PLACES)]
    name = path.rstrip("/")
    return any((place / name).exists() for place in places) or (
        "/" not in name and any(ROOT.glob(f"[!.]*/**/{name}"))
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_path_that_a_document_names_exists(document: Path) -> None:
    assert {path for path in paths_in(document) if not is_there(path, document)} == set()


TABLE_OF_NAMES = re.compile(r"^\| file \| names \|\n((?:\|.*\n)+)", re.MULTILINE)
ROW_OF_NAMES = re.compile(r"^\| `(.+)\.py` \| (.+) \|$", re.MULTILINE)


def names_in(document: Path) -> Iterator[tuple[str, str]]:
    """Each name that a page says where to import from, with its module."""
    for table in TABLE_OF_NAMES.findall(document.read_text(encoding="utf-8")):
        for file, names in ROW_OF_NAMES.findall(table):
            yield from ((file.replace("/", "."), name) for name in re.findall(r"`(\w+)`", names))


@pytest.mark.parametrize("page", ["jobs.md", "http-client.md", "types.md"])
def test_each_name_can_be_imported_from_the_file_that_the_page_names(page: str) -> None:
    names = list(names_in(ROOT / "docs" / page))
    assert len(names) > 8
    assert [each for each in names if not hasattr(import_module(each[0]), each[1])] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_command_that_a_document_names_exists(document: Path) -> None:
    commands = known_commands()
    for line in COMMAND.findall(document.read_text(encoding="utf-8")):
        name, *rest = line.split()
        assert name in commands, line
        if commands[name] and rest:
            assert rest[0] in commands[name], line
