"""Adds the base's history to the wheel: the versions from which it makes projects."""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class History(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle what HEAD has; only a clone with its whole history will do."""
        self.bundle = Path(self.directory, "base.bundle").resolve()
        self.bundle.parent.mkdir(parents=True, exist_ok=True)
        command = ["git", "bundle", "create", "--quiet", str(self.bundle), "HEAD"]
        subprocess.run(command, cwd=self.root, check=True)  # noqa: S603 - our own
        build_data["force_include"][str(self.bundle)] = "scaffold/base.bundle"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing but the wheel."""
        self.bundle.unlink()
