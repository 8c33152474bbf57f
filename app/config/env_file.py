"""Reads settings from a file, in the same way however the service is started.

A shell, systemd and Docker each read such a file by their own rules and change some values (`$`,
`&`, `#`). Here no value is expanded and no command is run.
"""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream
from pydantic_settings import DotEnvSettingsSource
from pydantic_settings.sources.utils import parse_env_vars

VARIABLE: Final = "ENV_FILE"
"""The variable that names the file. The command line sets it too, for the processes it starts."""

UNDECIDED: Final = ""
"""The library reads no file; this module decides which file is read, and how."""


class UnusableEnvFile(Exception):
    """The file cannot be read, or a line is not a setting; the message says which."""


class EnvFile(DotEnvSettingsSource):
    """Reads `.env` if it exists, or the file that ENV_FILE names, which must exist."""

    def _read_env_files(self) -> Mapping[str, str | None]:
        if self.env_file != UNDECIDED:  # the caller named one, or None for none
            return super()._read_env_files()
        if named := os.environ.get(VARIABLE):
            return self._read_env_file(Path(named))
        usual = Path(".env")
        return self._read_env_file(usual) if usual.exists() else {}

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        found = _read(file_path)
        return parse_env_vars(found, self.case_sensitive, ignore_empty=self.env_ignore_empty)


def _read(path: Path) -> dict[str, str | None]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UnusableEnvFile(f"{path}: is not UTF-8; save it in that encoding") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or "not a path"
        raise UnusableEnvFile(f"{VARIABLE}: {path} can't be read ({why})") from None
    bindings = [each for each in parse_stream(io.StringIO(text)) if each.error or each.key]
    for each in bindings:
        if each.error or each.value is None:
            before = each.original.string[: -len(each.original.string.lstrip())]
            line = each.original.line + before.count("\n")
            raise UnusableEnvFile(f"{path}: line {line} is not NAME=value")
    return {each.key: each.value for each in bindings if each.key}
