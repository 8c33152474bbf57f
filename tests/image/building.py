"""Builds the Dockerfile with buildah, on a base that debootstrap makes, and runs the image.

Python's own image comes from a registry, which not every machine reaches. The base has what the
Dockerfile needs of it: the same Debian and the same Python, which answers to `python`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.support.server import ROOT

BASE: Final = re.compile(r"^FROM python:(?P<python>[\d.]+)-slim-(?P<suite>\w+)@", re.MULTILINE)
# A file system where only /data and /tmp can be written, as `read_only: true` makes it. The mounts
# are in a namespace of the process and end with it.
READ_ONLY: Final = """\
set -e
mount --bind "$1" "$1"
mount --bind "$2" "$1/data"
mount -o remount,bind,ro "$1"
mount -t tmpfs tmpfs "$1/tmp"
mount --rbind /dev "$1/dev"
mount --rbind /proc "$1/proc"
shift 2
exec "$@"
"""


class NoBuilder(Exception):
    """No image can be built here; the message says what is missing."""


def files_in(root: Path) -> dict[str, os.stat_result]:
    """Return all files and folders, by their paths."""
    walked = os.walk(root)
    paths = (Path(at, name) for at, folders, files in walked for name in [*folders, *files])
    return {str(path.relative_to(root)): path.lstat() for path in paths}


@dataclass
class Image:
    root: Path
    config: dict[str, Any]

    @cached_property
    def files(self) -> dict[str, os.stat_result]:
        return files_in(self.root)

    def begin(
        self, *command: str, data: Path, output: Path, **settings: str
    ) -> subprocess.Popen[bytes]:
        """Start a command as an engine does: in the image, as its user and with its variables."""
        user, folder = self.config["User"], self.config["WorkingDir"]
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in settings.items())]
        inside = ["chroot", f"--userspec={user}", str(self.root)]
        inside += ["env", "--ignore-environment", f"--chdir={folder}", *variables, *command]
        mounted = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", str(self.root), str(data)]
        with output.open("wb") as log:
            return subprocess.Popen([*mounted, *inside], stdout=log, stderr=log)  # noqa: S603 - its own

    @property
    def owner(self) -> tuple[int, int]:
        user, group = map(int, self.config["User"].split(":"))
        return user, group


@dataclass
class Builder:
    """buildah, with a storage of its own."""

    folder: Path
    version: str

    def make_base(self) -> set[str]:
        """Make the base, which also reaches pip's index as this machine does; return its files."""
        found = BASE.search((ROOT / "Dockerfile").read_text(encoding="utf-8"))
        assert found is not None, "the Dockerfile's first line names no pinned image of Python"
        root = self.folder / "root"
        packages = f"--include=ca-certificates,python{found['python']},python3-venv"
        _run("debootstrap", "--variant=minbase", packages, found["suite"], root, *_mirror())
        (root / "usr/local/bin/python").symlink_to(f"/usr/bin/python{found['python']}")
        _let_pip_reach_its_index(root)
        container = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", container, root, "/")
        self._buildah("commit", "--quiet", "--rm", container, "base")
        files = set(files_in(root))
        shutil.rmtree(root)
        return files

    def build(self, name: str, dockerfile: Path, context: Path, *, on: str) -> Image:
        """Build a Dockerfile, with another image in place of the one that it begins with."""
        options = ("--isolation=chroot", "--format=docker", "--pull-never")
        names = (f"--from=localhost/{on}", f"--tag={name}", f"--file={dockerfile}")
        self._buildah("build", *options, *names, context)
        described = json.loads(self._buildah("inspect", "--type=image", f"localhost/{name}"))
        container = self._buildah("from", "--pull-never", f"localhost/{name}")
        return Image(Path(self._buildah("mount", container)), described["Docker"]["config"])

    def _buildah(self, *arguments: str | Path) -> str:
        storage = (f"--root={self.folder}/storage", f"--runroot={self.folder}/run")
        return _run("buildah", *storage, "--storage-driver=vfs", *arguments)


@contextmanager
def builder() -> Iterator[Builder]:
    """Raises NoBuilder."""
    missing = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if missing:
        raise NoBuilder(f"no {' and no '.join(missing)}: apt-get install {' '.join(missing)}")
    if os.geteuid() != 0:
        raise NoBuilder("no buildah, since debootstrap needs root: sudo make image-test")
    version = _run("buildah", "--version").split()[2]
    with TemporaryDirectory(prefix="image-") as folder:
        yield Builder(Path(folder), version)


def _run(program: str, *arguments: str | Path) -> str:
    """Run it; return what it printed. Raises AssertionError if it fails."""
    command = [program, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - its own
    assert ended.returncode == 0, f"{command}:\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}"
    return ended.stdout.strip()


def _mirror() -> list[str]:
    """Return where this machine gets Debian from; on another system debootstrap knows one."""
    if shutil.which("apt-get") is None:
        return []
    listed = _run("apt-get", "indextargets", "--format=$(REPO_URI)", "Label: Debian")
    return sorted(set(listed.split()))[:1]


def _let_pip_reach_its_index(root: Path) -> None:
    """Let pip reach its index from a base as it does on this machine."""
    listed = _run(sys.executable, "-m", "pip", "config", "list")
    names = "index-url|cert|proxy|trusted-host"
    found = re.findall(rf"^[\w:]+\.({names})='(.*)'$", listed, re.MULTILINE)
    settings = dict(reversed(found))  # the environment, which comes first, decides
    if certificates := settings.get("cert"):
        shutil.copy(certificates, root / "etc/pip.pem")
        settings["cert"] = "/etc/pip.pem"
    lines = ["[global]", *(f"{name} = {value}" for name, value in settings.items())]
    (root / "etc/pip.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
