"""The letters that the service writes into its folder."""

import re
from email.message import EmailMessage
from pathlib import Path

from tests.support.emails import part, read
from tests.support.scenario import Drain


class Mailbox:
    """Everybody's letters, from when it was opened on."""

    def __init__(self, folder: Path, drain: Drain) -> None:
        self._folder, self._drain = folder, drain
        self._old = set(folder.glob("*.eml"))

    async def to(self, email: str) -> list[EmailMessage]:
        """Return the letters to an address that were not read yet, by their subjects."""
        await self._drain()
        new = {path: read(path.read_bytes()) for path in self._folder.glob("*.eml")}
        theirs = [path for path in new.keys() - self._old if new[path]["To"] == email]
        self._old.update(theirs)
        return sorted((new[path] for path in theirs), key=lambda email: str(email["Subject"]))

    async def subjects(self, email: str) -> list[str]:
        return [str(email["Subject"]) for email in await self.to(email)]

    async def token(self, email: str, page: str) -> str:
        """Return the token of the one letter that has a link to the page."""
        texts = [part(email, "plain") for email in await self.to(email)]
        [token] = [found for text in texts for found in re.findall(rf"/{page}#token=(\S+)", text)]
        return str(token)
