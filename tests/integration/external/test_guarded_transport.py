"""Nothing is sent to a forbidden address, under any name."""

import socket
from collections.abc import Sequence

import pytest

from app.shared.application.http import AddressRefused, NoAnswer
from app.shared.infrastructure.external.guarded_transport import Resolve
from tests.integration.external.conftest import MakeClient
from tests.support.certificates import Authority
from tests.support.webhook_receiver import Receiver, receiving

HOST = "hooks.example.com"


def leads_to(*addresses: str) -> Resolve:
    """A resolver with one answer for every name."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


# Each notation of an address that is not public; the machine's own resolver parses them.
INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",  # 127.0.0.1 as one number
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind
    "0",
    "10.0.0.1",
    "167772161",  # 10.0.0.1
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",  # 169.254.169.254
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "localhost",
    "LOCALHOST",
]


@pytest.mark.parametrize("host", INSIDE)
async def test_an_internal_address_is_refused_in_any_notation(
    client_of: MakeClient, receiver: Receiver, host: str
) -> None:
    with pytest.raises(AddressRefused, match="has an address that is not public"):
        await client_of(allow_private=False).send("GET", f"https://{host}:{receiver.port}/")
    assert receiver.received == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fd00::1"],
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
    ],
)
async def test_a_name_of_an_internal_address_is_refused(
    client_of: MakeClient, receiver: Receiver, addresses: list[str]
) -> None:
    asked = client_of(allow_private=False, resolve=leads_to(*addresses))
    with pytest.raises(AddressRefused, match=rf"^{HOST} has an address"):
        await asked.send("GET", receiver.url(scheme="https", host=HOST))
    assert receiver.received == []


async def test_a_name_that_changes_after_the_check_is_not_resolved_again(
    client_of: MakeClient, authority: Authority
) -> None:
    async with receiving(authority.server_of(HOST)) as receiver:
        answers = iter([["127.0.0.1"], ["127.0.0.2"]])

        async def turns_around(_host: str, _port: int) -> Sequence[str]:
            return next(answers)

        asked = client_of(allow_private=True, resolve=turns_around)
        assert (await asked.send("GET", receiver.url(scheme="https", host=HOST))).status == 204
        assert next(answers) == ["127.0.0.2"]  # it was not resolved a second time


async def test_plain_http_is_refused_before_any_lookup(
    client_of: MakeClient, receiver: Receiver
) -> None:
    asked = client_of(allow_private=False, resolve=leads_to("93.184.215.14"))
    with pytest.raises(AddressRefused, match="only https is allowed"):
        await asked.send("GET", receiver.url(host=HOST))


async def test_with_allow_private_internal_addresses_answer(
    client_of: MakeClient, receiver: Receiver
) -> None:
    asked = client_of(allow_private=True)
    assert (await asked.send("GET", receiver.url(host="localhost"))).status == 204


async def test_a_refusal_is_not_retried_and_no_failure_of_the_host(
    client_of: MakeClient, receiver: Receiver
) -> None:
    lookups: list[str] = []

    async def inside(host: str, _port: int) -> Sequence[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    asked = client_of(allow_private=False, resolve=inside)
    for _ in range(6):
        with pytest.raises(AddressRefused):
            await asked.send("GET", receiver.url(scheme="https", host=HOST))
    assert lookups == [HOST] * 6


async def test_the_host_header_and_the_certificate_use_the_name(
    client_of: MakeClient, authority: Authority
) -> None:
    async with receiving(authority.server_of(HOST)) as receiver:
        asked = client_of(allow_private=True, resolve=leads_to("127.0.0.1"))
        assert (await asked.send("GET", receiver.url(scheme="https", host=HOST))).status == 204
        assert receiver.received[0].headers["host"] == f"{HOST}:{receiver.port}"


async def test_a_host_with_a_certificate_for_another_name_gets_nothing(
    client_of: MakeClient, authority: Authority
) -> None:
    async with receiving(authority.server_of("other.example.com")) as receiver:
        asked = client_of(allow_private=True, resolve=leads_to("127.0.0.1"))
        with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
            await asked.send("GET", receiver.url(scheme="https", host=HOST))
        assert receiver.received == []


async def test_two_names_at_one_address_do_not_share_a_connection(
    client_of: MakeClient, authority: Authority
) -> None:
    async with receiving(authority.server_of(HOST)) as receiver:
        asked = client_of(allow_private=True, resolve=leads_to("127.0.0.1"))
        await asked.send("GET", receiver.url(scheme="https", host=HOST))
        with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
            await asked.send("GET", receiver.url(scheme="https", host="other.example.com"))


async def test_when_one_address_does_not_answer_the_next_is_tried(
    client_of: MakeClient, receiver: Receiver
) -> None:
    # Nothing listens at the second loopback address: the server is bound to the first.
    asked = client_of(allow_private=True, resolve=leads_to("127.0.0.2", "127.0.0.1"))
    assert (await asked.send("POST", receiver.url(host=HOST), body=b"once")).status == 204
    assert [request.body for request in receiver.received] == [b"once"]


@pytest.mark.parametrize("resolve_error", [socket.gaierror("unknown"), UnicodeError("too long")])
async def test_an_unknown_name_gives_no_answer(
    client_of: MakeClient, resolve_error: Exception
) -> None:
    async def fails(_host: str, _port: int) -> Sequence[str]:
        raise resolve_error

    with pytest.raises(NoAnswer, match=rf"^{HOST}: {HOST} can't be looked up$"):
        await client_of(allow_private=False, resolve=fails).send("POST", f"https://{HOST}/secret")


async def test_a_name_without_an_address_gives_no_answer(client_of: MakeClient) -> None:
    with pytest.raises(NoAnswer, match="has no address"):
        await client_of(allow_private=False, resolve=leads_to()).send("POST", f"https://{HOST}/")


async def test_a_name_is_resolved_in_its_ascii_form(client_of: MakeClient) -> None:
    seen: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        seen.append((host, port))
        return ["127.0.0.1"]

    for url in ("https://bücher.example/", "https://bücher.example:8443/"):
        with pytest.raises(AddressRefused):
            await client_of(allow_private=False, resolve=resolve).send("GET", url)
    assert seen == [("xn--bcher-kva.example", 443), ("xn--bcher-kva.example", 8443)]
