"""An update is the work of the tool of the version that the project gets.

The tool in a project is as old as the project. The newer one knows the codemods of its version, and
has no mistake that was mended since.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from scaffold.base.git import Repository

TOOL: Final = "scaffold"
_HERE: Final = Path(__file__).resolve().parents[2]


def done_by_tool_of(base: Repository, commit: str, arguments: Sequence[str]) -> int | None:
    """Let the tool of a commit of the base do it; return how it ended, None if it runs already."""
    files = base.ids(commit, TOOL)
    contents = dict(zip(files, base.contents(id for _, id in files.values()), strict=True))
    if all(
        (_HERE / path).is_file() and (_HERE / path).read_bytes() == content
        for path, content in contents.items()
        if path.endswith((".py", ".toml"))
    ):
        return None
    with TemporaryDirectory(prefix="alicerce-") as folder:
        for path, content in contents.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(content)
        command = [sys.executable, "-m", TOOL, *arguments]
        own = {"PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
        with subprocess.Popen(command, env=os.environ | own) as tool:
            while True:
                with suppress(KeyboardInterrupt):  # the tool got it too, and takes all back
                    return tool.wait()
