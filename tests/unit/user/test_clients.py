import pytest

from app.modules.user.domain.clients import MAX_CLIENT, client_named

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "known_as"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36", "Chrome on Windows"),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 15) {WEBKIT} Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/18.0 Safari/605.1",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Safari/604.1",
            "Chrome on iPhone",
        ),
        ("Mozilla/5.0", "A browser"),
        ("Mozilla/5.0 (something)", "A browser"),
        ("curl/8.9.1", "curl"),
        ("python-httpx2/2.16 secret-device-name", "python-httpx2"),
        ("nightly.report_1", "nightly.report_1"),
        ("", None),
        ("/", None),
        ("\x00\x1b[31m", None),
        ("<script>", None),
        ("\u00e9", None),
    ],
)
def test_a_client_is_known_by_its_kind(user_agent: str, known_as: str | None) -> None:
    assert client_named(user_agent) == known_as


def test_the_stored_name_fits_for_any_length() -> None:
    for text in ("a" * 10_000, "Mozilla/" + "Firefox Windows" * 1_000):
        assert len(client_named(text) or "") <= MAX_CLIENT
