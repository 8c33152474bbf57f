"""The signing key that is generated if none is set; never in production."""

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

SECRET_BYTES: Final = 32


class GeneratedSecret:
    """A secret that is generated once and stored in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_or_make(self) -> str:
        """Return the secret. If several processes start at once, one of them creates it for all."""
        with suppress(FileNotFoundError):
            return self._path.read_text().strip()
        for folder in (self._path.parent.parent, self._path.parent):
            # the mode applies to the last folder only
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        try:
            draft.write_text(secrets.token_hex(SECRET_BYTES))
            self._path.hardlink_to(draft)  # atomic: fails if another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return self._path.read_text().strip()
