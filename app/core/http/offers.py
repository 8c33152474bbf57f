"""A client's offer to switch to another protocol (RFC 9110, section 7.8)."""

from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.http.websocket_server import WebSocketProtocol, is_handshake


class OfferedConnection(HttpToolsProtocol):
    """Becomes a WebSocket if the application has one at the address; ignores other offers."""

    def leave(self) -> None:
        """Called when another protocol takes over the connection."""
        self.connections.discard(self)

    def give_up_place(self) -> None:
        """Called when the connection is lost, whichever protocol has it."""

    def answer_offer(self, offer: httptools.HttpParserUpgrade, data: memoryview) -> None:
        """Continue parsing after an offer.

        The parser assumes that the offer was accepted, and reads no body. So another parser begins
        again, with a head that has no offer.
        """
        while True:
            data = data[offer.args[0] :]
            if self._opens_websocket():
                self._become_websocket(bytes(data))
                return
            head = self._head(without=b"upgrade")
            self.parser = new_parser(self)
            self.parser.feed_data(head)
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as another:
                offer = another
            else:
                return

    def _head(self, *, without: bytes = b"") -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % pair for pair in self.headers if pair[0] != without]
        return b"\r\n".join([*lines, b"", b""])

    def _opens_websocket(self) -> bool:
        takes_websocket_at = getattr(self.app, "takes_websocket_at", None)
        version = self.parser.get_http_version()
        is_free = self.cycle is None or self.cycle.response_complete
        if takes_websocket_at is None or self.ws_protocol_class is None or not is_free:
            return False
        if not is_handshake(self.parser.get_method(), self.url, version, self.headers):
            return False
        path = unquote(httptools.parse_url(self.url).path.decode("ascii"))
        return bool(takes_websocket_at(path))

    def _become_websocket(self, rest: bytes) -> None:
        """Hand over the connection, and its place in its client's count."""
        self.leave()
        protocol = WebSocketProtocol(self.config, self.server_state, self.app_state)
        protocol.on_end = self.give_up_place
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received(self._head() + rest)


def new_parser(protocol: HttpToolsProtocol) -> httptools.HttpRequestParser:
    """Return a parser with uvicorn's configuration."""
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
