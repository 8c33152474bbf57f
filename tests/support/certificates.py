"""Certificates for the servers of tests, signed by an authority that only `trusted` accepts."""

import ssl
from pathlib import Path

import pytest
import trustme


class Authority:
    """Clients that use `trusted` accept its certificates, and no others."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def server_of(self, name: str) -> ssl.SSLContext:
        """Return the certificate of a server with that host name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context

    def trust(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make clients that are created from now on trust it."""
        monkeypatch.setenv("SSL_CERT_FILE", str(self.file))
