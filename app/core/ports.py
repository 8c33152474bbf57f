"""Addresses and ports: how they are written, and why a port cannot be used."""

import errno
import os
import socket
from typing import Final

_FIXES: Final = {
    errno.EADDRINUSE: "stop the process that uses the port, or set {} (and HOST) to a free one",
    errno.EACCES: "ports below 1024 need a special right: set {} to a higher one",
}
_OTHER_HOST: Final = "set HOST to an address of this machine, such as 127.0.0.1, ::1 or 0.0.0.0"


class PortInUse(Exception):
    """The port cannot be used; the message says why, and how to mend it."""

    def __init__(
        self, host: str, port: int, error: OSError | OverflowError, *, setting: str
    ) -> None:
        number = getattr(error, "errno", None)
        if isinstance(error, OverflowError):
            self.seen, self.fix = "ports end at 65535", f"set a lower {setting}"
        else:
            is_known = number in errno.errorcode  # an unknown name has its own kind of error number
            self.seen = os.strerror(number) if number and is_known else str(error.strerror)
            self.fix = _FIXES.get(number or 0, _OTHER_HOST).format(setting)
        place = address_of(host, port)
        super().__init__(f"cannot listen on {place}: {self.seen}; fix: {self.fix}")


def address_of(host: str, port: int) -> str:
    """Return host and port as in a URL: IPv6 in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket, for metrics. Raises PortInUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise PortInUse(host, port, error, setting="METRICS_PORT") from error


def refuse_port_in_use(host: str, port: int) -> None:
    """Raise PortInUse if the port cannot be used. No client can connect during the check."""
    try:
        for family, kind, _, _, place in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(place)
    except (OSError, OverflowError) as error:
        raise PortInUse(host, port, error, setting="PORT") from None
