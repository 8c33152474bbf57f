"""`scripts/install.sh`, which make calls: uv installs, and pip does if uv fails."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.server import ROOT

PYTHON = """\
echo "pip $*" >>"$CALLS"
case "$*" in
  *"config list"*) echo "global.index-url='https://pip.example.com/simple'" ;;
  *"-r /dev/stdin"*) cat >>"$CALLS" && cp "$(dirname "$CALLS")/a-uv" "$(dirname "$0")/uv" ;;
esac
"""
UV = """\
[ "$1" = --version ] || echo "uv of $UV_DEFAULT_INDEX, system certs $UV_SYSTEM_CERTS: $*" >>"$CALLS"
[ "$1" = --version ] || exit "$UV_EXIT"
"""
# everything else, and especially uv, cannot be found
TOOLS = ("cat", "cp", "dirname", "head", "sed")
PINNED = "--quiet --require-hashes --no-deps -r requirements.txt"


class Installing:
    """The script, in an environment whose programs only record how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.environment = folder, folder / "venv"
        for path, text in (("venv/bin/python", PYTHON), ("a-uv", UV)):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(f"#!/bin/sh\n{text}")
            (folder / path).chmod(0o755)
        (folder / "path").mkdir()
        for tool in TOOLS:
            (folder / "path" / tool).symlink_to(str(shutil.which(tool)))

    def put_uv(self, where: str) -> None:
        (self.folder / "a-uv").rename(self.folder / where)

    def run(self, *, uv_exit: int = 0, **more: str) -> list[str]:
        """Return the calls of pip and of uv, in order."""
        calls = self.folder / "calls"
        own = {"PATH": str(self.folder / "path"), "CALLS": str(calls), "UV_EXIT": str(uv_exit)}
        script = ROOT / "scripts/install.sh"
        subprocess.run(  # noqa: S603 - our own script
            [script, self.environment, "-r", "requirements.txt"], env=own | more, check=True
        )
        return [line for line in calls.read_text().splitlines() if "config list" not in line]

    def by_uv(self, index: str = "https://pip.example.com/simple", certs: str = "true") -> str:
        call = f"pip install --python {self.environment}/bin/python {PINNED}"
        return f"uv of {index}, system certs {certs}: {call}"


@pytest.fixture
def installing(tmp_path: Path) -> Installing:
    return Installing(tmp_path)


@pytest.mark.parametrize("where", ["path/uv", "venv/bin/uv"])
def test_an_existing_uv_installs_from_the_index_of_pip(installing: Installing, where: str) -> None:
    installing.put_uv(where)
    assert installing.run() == [installing.by_uv()]


def test_the_index_of_uv_has_priority_over_that_of_pip(installing: Installing) -> None:
    installing.put_uv("path/uv")
    index = "https://uv.example.com/simple"
    assert installing.run(UV_DEFAULT_INDEX=index) == [installing.by_uv(index)]


def test_uv_trusts_the_system_s_certificates_unless_the_environment_says_otherwise(
    installing: Installing,
) -> None:
    installing.put_uv("path/uv")
    assert installing.run() == [installing.by_uv(certs="true")]
    assert installing.run(UV_SYSTEM_CERTS="false")[1:] == [installing.by_uv(certs="false")]


def test_without_uv_pip_installs_the_pinned_one_first(installing: Installing) -> None:
    first, *pins, last = installing.run()
    assert first.endswith("install --quiet --require-hashes --no-deps -r /dev/stdin")
    assert pins[0].startswith("uv==")
    assert all("--hash=sha256:" in pin for pin in pins[1:-1])
    assert last == installing.by_uv()


def test_pip_installs_if_uv_fails(installing: Installing) -> None:
    installing.put_uv("path/uv")
    failed, call = installing.run(uv_exit=2)
    assert failed == installing.by_uv()
    assert call == f"pip -m pip --disable-pip-version-check install {PINNED}"
