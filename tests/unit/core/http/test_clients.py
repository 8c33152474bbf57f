"""The client's address: only a trusted proxy is believed."""

from ipaddress import ip_network
from typing import Any

import pytest

from app.core.http.clients import MOST_HOPS, ClientAddresses, networks_of, one_client

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def scope(peer: str | None, *lines: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    return {"client": None if peer is None else (peer, 50_000), "headers": headers}


def test_without_a_trusted_proxy_forwarded_headers_are_ignored() -> None:
    assert ClientAddresses().of(scope("192.0.2.1", "203.0.113.9")) == "192.0.2.1"
    assert ClientAddresses(PROXIES).of(scope("192.0.2.1", "203.0.113.9")) == "192.0.2.1"


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6,203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (["203.0.113.9:1234"], "203.0.113.9"),
        (["[2001:db8::9]:1234"], "2001:db8::9"),
        (["2001:DB8:0::9"], "2001:db8::9"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, fd00::1"], "6.6.6.6"),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy(
    lines: list[str], client: str
) -> None:
    assert ClientAddresses(PROXIES).of(scope("10.0.0.1", *lines)) == client


@pytest.mark.parametrize(
    "line",
    [
        "",
        ",",
        "unknown",
        "203.0.113",
        "6.6.6.6, nonsense",
        "\xff\x00",
        "a" * 9_000,
        "[::1",
        "1:2:3",
    ],
)
def test_an_invalid_hop_ends_at_the_proxy_that_passed_it_on(line: str) -> None:
    assert ClientAddresses(PROXIES).of(scope("10.0.0.1", line)) == "10.0.0.1"


def test_the_number_of_parsed_hops_is_limited() -> None:
    line = ",".join(["6.6.6.6", *["10.0.0.2"] * 1_000])
    assert ClientAddresses(PROXIES).of(scope("10.0.0.1", line)) == "10.0.0.2"
    line = ",".join(["6.6.6.6", *["10.0.0.2"] * (MOST_HOPS - 1)])
    assert ClientAddresses(PROXIES).of(scope("10.0.0.1", line)) == "6.6.6.6"


def test_a_client_of_a_unix_socket_has_no_address() -> None:
    assert ClientAddresses(PROXIES).of(scope(None, "203.0.113.9")) == ""


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_64_network_of_ipv6_is_one_client(address: str, counted_as: str) -> None:
    assert one_client(address) == counted_as


def test_larger_networks_of_ipv6_count_as_several_clients() -> None:
    assert networks_of("2001:db8:1:2:3:4:5:6") == (
        ("2001:db8:1:2::/64", 1),
        ("2001:db8:1::/56", 4),
        ("2001:db8:1::/48", 16),
    )
    assert networks_of("192.0.2.1") == (("192.0.2.1", 1),)
    assert networks_of("") == (("", 1),)
