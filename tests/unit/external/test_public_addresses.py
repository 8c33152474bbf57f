"""Which addresses are public."""

import pytest

from app.shared.infrastructure.external.guarded_transport import is_public

INSIDE = [
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",  # shared address space, RFC 6598
    "100.100.100.200",  # the metadata service of a cloud
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # the platform of a cloud
    "169.254.0.1",
    "169.254.169.254",  # the metadata service of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # the metadata service of a cloud
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible, long out of use
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:168.63.129.16",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001:0:808:808::1",  # Teredo
    "2001:db8::1",
    "2001:20::1",
    "3fff::1",
    "2002:7f00:1::1",  # 6to4 of 127.0.0.1
    "fc00::1",
    "fd00:ec2::254",  # the metadata service of a cloud
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",  # how an IPv6-only network reaches IPv4
    "2606:4700:4700::1111",
    "2a00:1450:4001:830::200e",
]


@pytest.mark.parametrize("address", INSIDE)
def test_internal_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_external_addresses_are_public(address: str) -> None:
    assert is_public(address)
