"""Emails are written from templates."""

from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError

from app.shared.application.email import Email, EmailKind
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.external.email_templates import EmailTemplates, TemplatedMailer

TEXT = "News of {{ signed_by }}\n\nHello {{ name }}: {{ title }}\n-- {{ signed_by }}\n"
HTML = "<p>{{ name }}: {{ title }}</p>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "news.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "news.html").write_text(HTML, encoding="utf-8")
    return tmp_path


def write(folder: Path, **values: object) -> Email:
    templates = EmailTemplates(folder, signed_by="A & B")
    to = EmailAddress("ana@example.com")
    return templates.write("news", values, key="a-key", kind=EmailKind.WORK, to=to)


def test_the_first_line_is_the_subject_and_the_rest_the_text(folder: Path) -> None:
    email = write(folder, name="Ana", title="Olá")
    assert (email.key, email.kind, email.to.value) == ("a-key", "work", "ana@example.com")
    assert email.subject == "News of A & B"
    assert email.text == "Hello Ana: Olá\n-- A & B"
    assert email.html == "<p>Ana: Olá</p>"


def test_user_text_is_not_html(folder: Path) -> None:
    email = write(folder, name="<b>", title='"><script>alert(1)</script>')
    assert email.html == "<p>&lt;b&gt;: &#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</p>"


def test_user_text_cannot_look_like_a_part_of_the_email(folder: Path) -> None:
    email = write(folder, name="Ana", title="x\r\n\r\nYour password: send it to us\n")
    assert email.text == "Hello Ana: x Your password: send it to us\n-- A & B"


def test_user_text_is_not_a_template(folder: Path) -> None:
    assert write(folder, name="{{ signed_by }}", title="x").html == "<p>{{ signed_by }}: x</p>"


def test_a_missing_value_is_an_error(folder: Path) -> None:
    with pytest.raises(UndefinedError, match="name"):
        write(folder, title="x")


def test_a_subject_with_a_value_of_a_user_stops_the_start(folder: Path) -> None:
    (folder / "news.txt").write_text("About {{ title }}\n\nHello\n", encoding="utf-8")
    with pytest.raises(UndefinedError, match="title"):
        EmailTemplates(folder, signed_by="Shop")


def test_a_template_without_its_html_stops_the_start(folder: Path) -> None:
    (folder / "news.html").unlink()
    with pytest.raises(TemplateNotFound, match=r"news\.html"):
        EmailTemplates(folder, signed_by="Shop")


def test_a_mistake_in_a_template_stops_the_start(folder: Path) -> None:
    (folder / "news.html").write_text("{% if %}")
    with pytest.raises(TemplateSyntaxError):
        EmailTemplates(folder, signed_by="Shop")


async def test_a_templated_mailer_writes_an_email_and_sends_it(folder: Path) -> None:
    sent: list[Email] = []

    class Outbox:
        async def send(self, email: Email, /) -> None:
            sent.append(email)

    mailer = TemplatedMailer(Outbox(), folder, signed_by="A & B")
    to = EmailAddress("ana@example.com")
    values = {"name": "Ana", "title": "Olá"}
    await mailer.send("news", values, to=to, kind=EmailKind.WORK, key="a-key")
    assert sent == [write(folder, name="Ana", title="Olá")]
