"""Creating an API key requires the password, and a new password deletes it."""

import datetime as dt

import pytest

from app.container import ApplicationContainer
from app.modules.user.domain.events import KeyMade
from tests.e2e.user.answers import complaints, problem
from tests.e2e.user.conftest import Post
from tests.e2e.user.test_keys import DRAFT, make, program
from tests.support.emails import part
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD, Person
from tests.support.published import Published

ANA, NEW = "ana@example.com", "another horse battery"
REFUSED = (401, "unauthenticated")


async def test_creating_a_key_requires_the_password(ana: Person) -> None:
    without = {name: value for name, value in DRAFT.items() if name != "current_password"}
    assert complaints(await ana.post("/auth/keys", without)) == [("/current_password", "required")]
    wrong = {**DRAFT, "current_password": "wrong horse battery"}
    assert problem(await ana.post("/auth/keys", wrong)) == (403, "reauth_failed")
    assert (await ana.get("/auth/keys")).json() == {"items": []}


@pytest.mark.parametrize("draft", [{}, {"expires_at": None}])
async def test_a_key_expires_after_ninety_days_by_default(
    ana: Person, draft: dict[str, None]
) -> None:
    made = await make(ana, **draft)
    began, ends = [dt.datetime.fromisoformat(made[name]) for name in ("created_at", "expires_at")]
    assert ends - began == dt.timedelta(days=90)


async def test_the_owner_gets_an_email_without_the_secret_for_each_key(
    ana: Person, mail: Mailbox, published: Published
) -> None:
    await mail.to(ANA)
    made = await make(ana, name="Call me at evil.example")
    [email] = await mail.to(ANA)
    assert email["Subject"] == "A new API key was created"
    text = part(email, "plain") + part(email, "html")
    assert "evil" not in text
    assert made["prefix"] not in text
    [event] = await published.of(KeyMade)
    assert (str(event.user_id), str(event.key_id)) == (ana.id, made["id"])


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_reset_deletes_all_keys_of_the_account_and_no_others(
    ana: Person, bruno: Person, send: Post, mail: Mailbox
) -> None:
    key, brunos = program(ana, await make(ana)), program(bruno, await make(bruno))
    assert (await key.get("/notes")).status_code == 200
    await send("/password/forgot", email=ANA)
    token = await mail.token(ANA, "reset-password")
    answer = await send("/password/reset", token=token, new_password=NEW)
    assert answer.status_code == 204
    assert problem(await key.get("/notes")) == REFUSED
    assert (await brunos.get("/notes")).status_code == 200


@pytest.mark.usefixtures("nothing_remembered")
@pytest.mark.parametrize(
    ("said", "stays"), [({}, False), ({"keep_keys": False}, False), ({"keep_keys": True}, True)]
)
async def test_a_new_password_deletes_all_keys_unless_keep_keys_is_true(
    ana: Person, bruno: Person, said: dict[str, bool], *, stays: bool
) -> None:
    key, brunos = program(ana, await make(ana)), program(bruno, await make(bruno))
    body = {"current_password": PASSWORD, "new_password": NEW, **said}
    assert (await ana.put("/users/me/password", body)).status_code == 204
    assert ((await key.get("/notes")).status_code == 200) == stays
    assert len((await ana.get("/auth/keys")).json()["items"]) == stays
    assert (await brunos.get("/notes")).status_code == 200


async def test_no_key_is_created_if_the_password_changes_during_the_check(
    ana: Person, container: ApplicationContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher, body = container.hasher(), {"current_password": PASSWORD, "new_password": NEW}
    verify = hasher.verify

    async def change_meanwhile(*asked: str) -> bool:
        monkeypatch.undo()
        found = await verify(*asked)
        assert (await ana.put("/users/me/password", body)).status_code == 204
        return found

    monkeypatch.setattr(hasher, "verify", change_meanwhile)
    assert problem(await ana.post("/auth/keys", DRAFT)) == (403, "reauth_failed")
    assert (await ana.get("/auth/keys")).json() == {"items": []}
