"""The code in docs/api/webhooks.md accepts our messages, and nothing else."""

import base64
import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.config.url_types import SIGNING_KEY_EXAMPLE, signing_key
from app.shared.application.base_usecase import SystemClock
from app.shared.application.http import HttpClient
from app.shared.infrastructure.external.webhook import StandardWebhook
from tests.integration.external.test_webhook import KEY, MESSAGE
from tests.support.webhook_receiver import Received, Receiver

PAGE = Path(__file__).parents[3] / "docs/api/webhooks.md"
SNIPPETS = re.findall(r"```(python|js)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
NODE = shutil.which("node")
RUN = """
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(readMessage(secret, headers, Buffer.from(body, "base64"))));
"""

Read = Callable[[str, dict[str, str], bytes], Any]


def in_python(code: str) -> Read:
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own documentation
    read: Read = names["read_message"]
    return read


def in_node(code: str) -> Read:
    def read(secret: str, headers: dict[str, str], body: bytes) -> Any:
        assert NODE
        given = {"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}
        done = subprocess.run(  # noqa: S603 - our own documentation
            [NODE, "-e", code + RUN],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise ValueError(done.stderr)
        return json.loads(done.stdout)

    return read


@pytest.fixture(params=SNIPPETS, ids=["library", "python", "node"])
def read(request: pytest.FixtureRequest) -> Read:
    language, code = request.param
    if language == "js" and NODE is None:
        pytest.skip("there is no Node.js here")
    return in_node(code) if language == "js" else in_python(code)


def a_key() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


async def sent_with(client: HttpClient, receiver: Receiver, *keys: str) -> Received:
    webhook = StandardWebhook(
        client,
        SystemClock(),
        url=receiver.url(),
        keys=[signing_key(SecretStr(key)) for key in keys],
    )
    await webhook.post(MESSAGE, key=KEY)
    return receiver.received[-1]


async def test_a_receiver_can_verify_and_read_a_message(
    read: Read, client: HttpClient, receiver: Receiver
) -> None:
    key = a_key()
    request = await sent_with(client, receiver, key)
    assert read(key, request.headers, request.body) == json.loads(request.body)


async def test_a_receiver_with_either_key_can_read_messages_during_a_replacement(
    read: Read, client: HttpClient, receiver: Receiver
) -> None:
    old, new = a_key(), a_key()
    request = await sent_with(client, receiver, new, old)
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    for key in (old, new):
        assert read(key, request.headers, request.body)["type"] == "note.archived"


async def test_a_receiver_refuses_forged_and_old_messages(
    read: Read, client: HttpClient, receiver: Receiver
) -> None:
    key = a_key()
    request = await sent_with(client, receiver, key)
    headers, then = request.headers, int(request.headers["webhook-timestamp"])
    for wrong in (
        (a_key(), headers, request.body),
        (key, headers, request.body.replace(b"archived", b"deleted")),
        (key, headers | {"webhook-timestamp": str(then - 301)}, request.body),
        (key, headers | {"webhook-id": "another"}, request.body),
        (key, headers | {"webhook-signature": "v1,AAAA v2,"}, request.body),
    ):
        with pytest.raises(Exception, match=r"too old|No matching|no signature"):
            read(*wrong)


def test_the_example_of_the_settings_creates_a_valid_key() -> None:
    command = SIGNING_KEY_EXAMPLE.removeprefix("the output of: ")
    assert command in PAGE.read_text(encoding="utf-8")
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    made = subprocess.check_output(["sh", "-c", command], text=True)  # noqa: S603, S607 - the same
    assert len(signing_key(SecretStr(made.strip()))) == 32
