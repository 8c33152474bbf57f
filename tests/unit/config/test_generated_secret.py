import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.config.generated_secret import GeneratedSecret

PROJECT = Path(__file__).parents[3]

# Eight processes that wait for each other and then read the secret at the same moment.
RACE = """
import os, sys
from pathlib import Path
from app.config.generated_secret import GeneratedSecret

gate, start = os.pipe()
for _ in range(8):
    if os.fork() == 0:
        os.close(start)
        os.read(gate, 1)  # returns for all at once, when the parent closes the other end
        secret = GeneratedSecret(Path(sys.argv[1])).read_or_make()
        os.write(1, f"{secret}\\n".encode())
        os._exit(0)
os.close(start)
for _ in range(8):
    assert os.wait()[1] == 0
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secrets" / "jwt_secret_key"


def test_a_secret_is_created_once_and_then_read(path: Path) -> None:
    secret = GeneratedSecret(path).read_or_make()
    assert len(bytes.fromhex(secret)) == 32
    assert GeneratedSecret(path).read_or_make() == secret == path.read_text()


def test_two_secrets_are_not_the_same(tmp_path: Path) -> None:
    made = {GeneratedSecret(tmp_path / name).read_or_make() for name in "abc"}
    assert len(made) == 3


def test_only_its_owner_can_read_a_secret(path: Path) -> None:
    mask = os.umask(0)
    try:
        GeneratedSecret(path).read_or_make()
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_but_the_secret_is_left_behind(path: Path) -> None:
    for _ in range(3):
        GeneratedSecret(path).read_or_make()
    assert list(path.parent.iterdir()) == [path]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)


def test_an_existing_secret_is_read_from_a_full_disk(
    path: Path, request: pytest.FixtureRequest
) -> None:
    secret = GeneratedSecret(path).read_or_make()
    request.getfixturevalue("full_disk")
    assert GeneratedSecret(path).read_or_make() == secret


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_no_draft_behind(path: Path) -> None:
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            GeneratedSecret(path).read_or_make()
    assert list(path.parent.iterdir()) == []


def test_an_existing_secret_is_used(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("mine\n")
    assert GeneratedSecret(path).read_or_make() == "mine"


def test_processes_that_start_at_once_agree_on_one_secret(path: Path) -> None:
    race = subprocess.run(  # noqa: S603 - all of it is written above
        [sys.executable, "-c", RACE, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    )
    secrets = race.stdout.split()
    assert len(secrets) == 8
    assert set(secrets) == {path.read_text()}
    assert list(path.parent.iterdir()) == [path]
