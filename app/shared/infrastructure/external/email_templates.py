"""Emails from templates: each as plain text and as HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from app.shared.application.email import Email, EmailKind, Mailer
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.external.mailer import one_line


@dataclass(frozen=True, slots=True)
class _Template:
    subject: str
    text: Template
    html: Template


class EmailTemplates:
    """The templates of a module: `<name>.txt`, whose first line is the subject, and `<name>.html`.

    All are read at the start, so that a mistake stops it. `shared` are values for all templates. A
    missing value is an error. Values are written on one line, so that user text cannot look like a
    part of the email. A subject contains only shared values: in a list of emails, a stranger's
    words would look like ours.
    """

    def __init__(self, folder: Path, **shared: str) -> None:
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(["html"], default=False, default_for_string=False),
            undefined=StrictUndefined,
            finalize=lambda value: one_line(value) if isinstance(value, str) else value,
        )
        environment.globals.update(shared)
        self._emails = {file.stem: _template(environment, file) for file in folder.glob("*.txt")}

    def write(
        self, name: str, values: Mapping[str, Any], *, key: str, kind: EmailKind, to: EmailAddress
    ) -> Email:
        """Return the email. Raises UndefinedError if a value is missing."""
        email = self._emails[name]
        return Email(
            key=key,
            kind=kind,
            to=to,
            subject=email.subject,
            text=email.text.render(values),
            html=email.html.render(values),
        )


class TemplatedMailer:
    """Sends the emails of a folder of templates: see EmailTemplates."""

    def __init__(self, mailer: Mailer, folder: Path, **shared: str) -> None:
        self._mailer, self._templates = mailer, EmailTemplates(folder, **shared)

    async def send(
        self,
        template: str,
        values: Mapping[str, Any],
        /,
        *,
        to: EmailAddress,
        kind: EmailKind,
        key: str,
    ) -> None:
        await self._mailer.send(self._templates.write(template, values, key=key, kind=kind, to=to))


def _template(environment: Environment, file: Path) -> _Template:
    subject, _, text = file.read_text(encoding="utf-8").partition("\n")
    return _Template(
        subject=environment.from_string(subject).render(),
        text=environment.from_string(text.lstrip("\n")),
        html=environment.get_template(f"{file.stem}.html"),
    )
