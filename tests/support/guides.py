"""The shell blocks of the documents: which test runs each of them, and a shell to run them in."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

ROOT: Final = Path(__file__).resolve().parents[2]
TESTS: Final = ROOT / "tests"
SHELLS: Final = frozenset({"sh", "bash", "shell", "console"})

_PART: Final = re.compile(
    r"^#+ (?P<heading>[^\n]+)$"
    r"|(?:^ *<!-- not run:(?P<reason>[^\n]*?)-->\n)?"
    r"^(?P<indent> *)```(?P<language>[\w-]*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class Section(NamedTuple):
    """What stands below a heading, to the next one of any level."""

    page: str
    heading: str


class Block(NamedTuple):
    section: Section
    language: str
    text: str
    reason: str | None
    """Why nobody runs it, if the page says so."""


# The tests that run the blocks of sections. Each of them takes its blocks from here.
RUN: Final[Mapping[str, tuple[Section, ...]]] = {
    "faults/test_point_in_time.py": (
        Section("docs/deployment/README.md", "Restore to a point in time"),
    ),
    "integration/cli/test_guide_of_backups.py": (
        Section("docs/deployment/README.md", "Backup and restore"),
        Section("docs/deployment/README.md", "Restore"),
    ),
    "integration/examples/test_invoice.py": (Section("docs/examples/invoice/README.md", "Try it"),),
    "scaffold/test_guides.py": (
        Section("CONTRIBUTING.md", "How to add a module"),
        Section("docs/scaffold/README.md", "A new project"),
        Section("docs/scaffold/fields.md", "Fields"),
        Section("docs/scaffold/fields.md", "Without quotes"),
    ),
    "scaffold/test_transcripts.py": (
        Section("docs/scaffold/pieces.md", "A module"),
        Section("docs/scaffold/pieces.md", "A use case"),
        Section("docs/scaffold/pieces.md", "An event"),
        Section("docs/scaffold/pieces.md", "A handler"),
        Section("docs/scaffold/pieces.md", "All or nothing"),
        Section("docs/scaffold/evolve.md", "Add a field"),
    ),
    "scaffold/tours/test_five_minutes.py": (Section("README.md", "Five minutes"),),
    "scaffold/tours/test_translation.py": (
        Section("README.pt-BR.md", "Cinco minutos"),
        Section("README.pt-BR.md", "O seu projeto em cinco minutos"),
    ),
    "scaffold/tours/test_your_own_project.py": (
        Section("README.md", "Your own project in five minutes"),
    ),
    "scaffold/updates/test_guide.py": (Section("docs/scaffold/updates.md", "Updates"),),
    "unit/operations/test_alerts_and_dashboards.py": (
        Section("docs/operations/README.md", "Alerts"),
    ),
}


def sections_run_by(test: str) -> tuple[Section, ...]:
    """Return the sections whose blocks a test has to run; it gives its `__file__`."""
    return RUN[str(Path(test).relative_to(TESTS))]


def commands_run_by(test: str) -> list[str]:
    """Return the blocks that a test has to run, in their order."""
    return [block.text for section in sections_run_by(test) for block in to_be_run(section)]


def to_be_run(section: Section) -> list[Block]:
    blocks = blocks_of(ROOT / section.page)
    return [
        block
        for block in blocks
        if block.section == section and block.language in SHELLS and block.reason is None
    ]


def blocks_of(page: Path) -> Iterator[Block]:
    """Return each block of a page, also those that are no commands."""
    heading = ""
    for part in _PART.finditer(page.read_text(encoding="utf-8")):
        if part["heading"]:
            heading = part["heading"]
        else:
            text = re.sub(f"^{part['indent']}", "", part["text"], flags=re.MULTILINE)
            section = Section(str(page.relative_to(ROOT)), heading)
            yield Block(section, part["language"], text, part["reason"])


def assert_as_printed(answer: str, printed: str) -> None:
    """Lines may be wrapped and parts left out (…); ids and times are others each time."""
    parts = [re.escape(part) for part in _constant(printed).split("…")]
    assert re.fullmatch(".*".join(parts), _constant(answer)), f"{answer}\nis not as\n{printed}"


def _constant(text: str) -> str:
    return re.sub(r"\s", "", _TIME.sub("time", _UUID.sub("id", text)))


class Shell:
    """One shell for several blocks, since each uses what those before it have set."""

    _ENDED: Final = "the-block-has-ended"

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "-e"],  # noqa: S607 - the reader's own
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, commands: str) -> str:
        """Run commands and return what they print. Each has to succeed."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{commands}\necho {self._ENDED}\n")
        self._process.stdin.flush()
        printed = ""
        for line in self._process.stdout:
            printed += line
            if line.rstrip().endswith(self._ENDED):
                return printed.replace(f"{self._ENDED}\n", "")
        raise AssertionError(f"{commands}\n{printed}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
