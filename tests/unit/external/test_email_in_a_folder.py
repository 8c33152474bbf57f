"""Without a server, emails are written into a folder."""

import os
import stat
from email.message import EmailMessage
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.shared.infrastructure.external.mailer import FileMailer, FromAddress
from tests.support.emails import an_email, part, read
from tests.support.logs import separate_logging


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "mail"


@pytest.fixture
def mailer(folder: Path) -> FileMailer:
    return FileMailer(folder, FromAddress("no-reply@example.com"))


def files(folder: Path) -> dict[str, EmailMessage]:
    return {file.name: read(file.read_bytes()) for file in folder.iterdir()}


async def test_an_email_becomes_a_file_that_mail_programs_can_read(
    mailer: FileMailer, folder: Path
) -> None:
    await mailer.send(an_email(key="a-key", subject="Olá", text="Bom dia\n"))
    message = files(folder)["a-key.eml"]
    assert (message["Subject"], part(message, "plain")) == ("Olá", "Bom dia\n")


async def test_the_same_email_again_is_the_same_file(mailer: FileMailer, folder: Path) -> None:
    await mailer.send(an_email(key="a-key", text="once\n"))
    await mailer.send(an_email(key="a-key", text="twice\n"))
    written = files(folder)
    assert list(written) == ["a-key.eml"]
    assert part(written["a-key.eml"], "plain") == "twice\n"


async def test_an_email_that_cannot_be_written_is_an_error(
    mailer: FileMailer, folder: Path
) -> None:
    folder.parent.write_text("a file is no folder, even for root")
    with pytest.raises(OSError, match="mail"):
        await mailer.send(an_email())


async def test_only_the_services_user_can_read_the_folder(mailer: FileMailer, folder: Path) -> None:
    await mailer.send(an_email())
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700  # noqa: PTH116 - which would say it blocks


@pytest.mark.parametrize("shows_links", [True, False])
async def test_links_are_logged_only_if_configured(*, folder: Path, shows_links: bool) -> None:
    mailer = FileMailer(folder, FromAddress("no-reply@example.com"), shows_links=shows_links)
    with separate_logging(), capture_logs() as lines:
        await mailer.send(an_email(key="a-key", text="Go to https://a.example/b#token=c now\n"))
    told = {"file": "a-key.eml", "links": ["https://a.example/b#token=c"]}
    line = {"event": "mail written", "log_level": "info", **told}
    assert lines == ([line] if shows_links else [])
