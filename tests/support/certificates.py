"""Certificates for the servers of tests, signed by an authority that nobody else knows."""

import ssl
from pathlib import Path

import pytest
import trustme


class Authority:
    """Whoever asks for `trusted` believes its certificates, and no others."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def server_of(self, name: str) -> ssl.SSLContext:
        """What a server needs to prove that it is the host of that name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context

    def trust(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have clients that are made from now on trust it."""
        monkeypatch.setenv("SSL_CERT_FILE", str(self.file))
