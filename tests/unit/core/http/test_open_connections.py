"""The limit of a client's open connections."""

from ipaddress import ip_network

import pytest

from app.core.http.connections import REFUSED, OpenConnections
from app.core.http.ingress_policy import IngressPolicy

PROXY = ip_network("10.0.0.0/8")


@pytest.fixture
def connections() -> OpenConnections:
    return OpenConnections(IngressPolicy(connections_per_client=3, trusted_proxies=[PROXY]))


def test_a_client_cannot_exceed_its_connections(connections: OpenConnections) -> None:
    before = REFUSED._value.get()
    admitted = [connections.accept("192.0.2.1") for _ in range(5)]
    assert admitted == ["192.0.2.1"] * 3 + [None] * 2
    assert REFUSED._value.get() - before == 2
    assert connections.accept("192.0.2.2") is not None


def test_a_closed_connection_makes_room_for_another(connections: OpenConnections) -> None:
    for _ in range(20):
        client = connections.accept("192.0.2.1")
        assert client is not None
        connections.end(client)
    assert not connections._open


def test_a_network_of_ipv6_is_one_client(connections: OpenConnections) -> None:
    addresses = [f"2001:db8::{last}" for last in range(1, 5)]
    assert [connections.accept(each) is not None for each in addresses] == [True] * 3 + [False]


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", ""])
def test_a_trusted_proxy_and_a_unix_socket_have_any_number(
    connections: OpenConnections, peer: str
) -> None:
    for _ in range(20):
        client = connections.accept(peer)
        assert client is not None
        connections.end(client)


def test_without_a_limit_all_clients_have_any_number() -> None:
    connections = OpenConnections(IngressPolicy())
    assert None not in [connections.accept("192.0.2.1") for _ in range(1_000)]
