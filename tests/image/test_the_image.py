"""What is in the image, and that it runs on a file system that is read-only."""

import os
import stat
import time
from pathlib import Path
from typing import Final

from tests.image.building import Image
from tests.support.ports import free_port
from tests.support.production import PRODUCTION
from tests.support.server import ROOT

BINARIES: Final = {"bin", "sbin"}
COMPILERS: Final = {"as", "c++", "cc", "clang", "g++", "gcc", "ld", "make", "rustc"}
SETTINGS: Final = {**PRODUCTION, "DATABASE_URL": "sqlite:////data/service.db"}
START_SECONDS: Final = 60  # far more than it takes


def test_the_image_adds_the_libraries_and_the_code_to_its_base(
    files_of_the_base: set[str], image: Image
) -> None:
    added = set(image.files) - files_of_the_base
    places = {path for path in added if not path.startswith(("venv/", "srv/app/"))}
    assert places == {"data", "srv/app", "venv"}
    code = {path for path in (ROOT / "app").rglob("*") if "__pycache__" not in path.parts}
    assert {path for path in added if path.startswith("srv/app/")} == {
        f"srv/{path.relative_to(ROOT)}" for path in code
    }


def test_the_image_has_no_compiler(image: Image) -> None:
    programs = {Path(path).name for path in image.files if Path(path).parent.name in BINARIES}
    assert "python" in programs
    assert programs & COMPILERS == set()


def test_its_user_is_not_root_and_can_write_only_data_and_temporary_files(image: Image) -> None:
    user, group = image.owner
    assert user != 0
    assert group != 0

    def is_writable(found: os.stat_result) -> bool:
        return bool(
            found.st_mode & stat.S_IWOTH
            or (found.st_uid == user and found.st_mode & stat.S_IWUSR)
            or (found.st_gid == group and found.st_mode & stat.S_IWGRP)
        )

    writable = {
        path
        for path, found in image.files.items()
        if not stat.S_ISLNK(found.st_mode) and not path.startswith("dev/") and is_writable(found)
    }
    assert writable == {"data", "run/lock", "tmp", "var/tmp"}


def test_it_migrates_serves_and_answers_its_health_check(
    image: Image, data: Path, tmp_path: Path
) -> None:
    settings = {**SETTINGS, "PORT": str(free_port())}
    kind, *health_check = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"  # no shell
    program = image.config["Entrypoint"]

    def run(*command: str) -> int:
        return image.begin(*command, data=data, output=tmp_path / "other", **settings).wait()

    assert run("touch", "/srv/file") != 0, "the file system is not read-only"
    assert run(*program, "migrate") == 0, (tmp_path / "other").read_text()
    assert run(*health_check) != 0
    log = tmp_path / "log"
    service = image.begin(*program, *image.config["Cmd"], data=data, output=log, **settings)
    try:
        deadline = time.monotonic() + START_SECONDS
        while run(*health_check) != 0:
            assert service.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)  # another process: there is nothing to wait on
        assert run(*program, "doctor") == 0, (tmp_path / "other").read_text()
        service.terminate()
        assert service.wait(START_SECONDS) == 0, log.read_text()
    finally:
        service.kill()
        service.wait()


def test_the_image_of_the_documents_for_backups_has_the_tools(
    image_with_tools: Image, data: Path, tmp_path: Path
) -> None:
    variables = dict(each.split("=", 1) for each in image_with_tools.config["Env"])
    log = tmp_path / "log"
    for tool in ("pg_dump", "pg_restore"):
        command = [f"{variables['POSTGRES_TOOLS']}/{tool}", "--version"]
        assert image_with_tools.begin(*command, data=data, output=log).wait() == 0, log.read_text()
        assert "(PostgreSQL) 18" in log.read_text()
