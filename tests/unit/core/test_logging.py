import datetime as dt
import io
import json
import logging
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.core.logging import _render_json
from tests.support.logs import lines, logged
from tests.support.requests import request_at_hand

UNSAFE = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00\x07\x1b\x7f\x9b\u202a\u202e\u2066\u2069"


def fail(message: str) -> None:
    password = "s3cr3t-" + "canary"
    raise ValueError(message if password else "")


class Writes(io.StringIO):
    """Remembers what was written in one call."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_line_is_written_in_one_call(*, json_lines: bool) -> None:
    with logged(json_lines=json_lines, to=Writes()) as output:
        structlog.get_logger("note").info("created")
        structlog.get_logger("note").info("done")
    assert [piece.count("\n") for piece in output.pieces] == [1, 1]
    assert all(piece.endswith("\n") for piece in output.pieces)


def test_an_event_is_one_json_object_on_one_line() -> None:
    with logged() as output:
        structlog.get_logger("security").warning("sign-in refused", user_id="ana", tries=3)
    [line] = lines(output)
    assert dt.datetime.fromisoformat(line.pop("timestamp")).utcoffset() == dt.timedelta(0)
    assert line == {
        "event": "sign-in refused",
        "logger": "security",
        "level": "warning",
        "user_id": "ana",
        "tries": 3,
    }


def test_lines_of_standard_logging_have_the_same_form() -> None:
    with logged() as output:
        logging.getLogger("some.library").error("%d of %s", 3, "five")
    [line] = lines(output)
    assert line.pop("timestamp")
    assert line == {"event": "3 of five", "logger": "some.library", "level": "error"}


def test_lines_below_the_level_are_not_written() -> None:
    with logged(level="INFO") as output:
        structlog.get_logger().debug("not this")
        logging.getLogger("some.library").debug("nor this")
        structlog.get_logger().info("but this")
    assert [line["event"] for line in lines(output)] == ["but this"]


def test_control_characters_can_neither_forge_a_line_nor_reach_a_terminal() -> None:
    forged = f'{UNSAFE}{{"event": "forged"}}'
    with logged() as output:
        structlog.get_logger().info(forged, **{forged: forged})
        logging.getLogger("some.library").warning("%s", forged)
        try:
            fail(forged)
        except ValueError:
            structlog.get_logger().exception("failed")
    written = output.getvalue()
    assert len(written.splitlines()) == 3
    assert not set(UNSAFE) & set(written.replace("\n", ""))
    assert lines(output)[0][forged] == forged


@given(st.text(st.characters()), st.text())
def test_any_text_is_one_line_that_reads_back(text: str, other: str) -> None:
    line = _render_json(None, "info", {"event": text, "other": other})
    assert len(line.splitlines()) == 1
    assert json.loads(line) == {"event": text, "other": other}


@pytest.mark.parametrize(
    "value",
    [b"\xff", {1, 2}, "a\ud800", 2**70, {1: 2}, {(1, 2): 3}, ValueError("x"), float("nan")],
    ids=ascii,
)
def test_a_value_that_has_no_form_in_json_loses_no_line(value: Any) -> None:
    with logged() as output:
        structlog.get_logger().info("odd", value=value)
    assert [line["event"] for line in lines(output)] == ["odd"]


def test_security_lines_have_the_client_address() -> None:
    with request_at_hand(client="192.0.2.1"), logged() as output:
        structlog.get_logger("security").warning("sign-in refused")
        structlog.get_logger("other").warning("something else")
    assert [line.get("client") for line in lines(output)] == ["192.0.2.1", None]


def test_a_line_carries_the_id_of_its_request() -> None:
    with logged() as output:
        with request_at_hand(request_id="r-12345678"):
            structlog.get_logger().info("ours")
            logging.getLogger("some.library").warning("theirs")
            structlog.get_logger().info("about another", request_id="r-another")
        structlog.get_logger().info("afterwards")
    ids = [line.get("request_id") for line in lines(output)]
    assert ids == ["r-12345678", "r-12345678", "r-another", None]


@pytest.mark.parametrize("name", ["uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"])
def test_noisy_libraries_log_warnings_only(name: str) -> None:
    noisy, elsewhere = logging.getLogger(name), io.StringIO()
    noisy.addHandler(logging.StreamHandler(elsewhere))
    noisy.propagate = False
    with logged(level="DEBUG") as output:
        noisy.info("GET /")
        noisy.warning("oh")
    assert [line["event"] for line in lines(output)] == ["oh"]
    assert elsewhere.getvalue() == ""


def test_no_library_logs_below_the_configured_level() -> None:
    with logged(level="CRITICAL") as output:
        logging.getLogger("uvicorn.error").error("oh")
        structlog.get_logger().error("oh")
    assert output.getvalue() == ""


@pytest.mark.parametrize("json_lines", [True, False], ids=["production", "development"])
@pytest.mark.parametrize("library", ["ours", "some.library"])
def test_a_traceback_shows_no_local_variables(
    json_lines: bool,  # noqa: FBT001 - a column of the table
    library: str,
) -> None:
    with logged(json_lines=json_lines) as output:
        log = structlog.get_logger() if library == "ours" else logging.getLogger(library)
        try:
            fail("no")
        except ValueError:
            log.exception("failed")
    written = output.getvalue()
    assert "Traceback (most recent call last)" in written
    assert "ValueError: no" in written
    assert "s3cr3t-canary" not in written


def test_a_traceback_in_production_is_part_of_its_line() -> None:
    with logged() as output:
        try:
            fail("no")
        except ValueError:
            structlog.get_logger().exception("failed")
    [line] = lines(output)
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("ValueError: no")


def test_development_logs_readable_lines() -> None:
    with logged(json_lines=False) as output:
        structlog.get_logger("access").info("request", path="/notes")
    written = output.getvalue()
    assert all(part in written for part in ("request", "[access]", "path=/notes"))
    assert "{" not in written
    assert "\x1b" not in written  # no colours if the output is no terminal


def test_characters_unknown_to_the_terminal_are_escaped() -> None:
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding="ascii", write_through=True)
    with logged(json_lines=False, to=terminal):
        structlog.get_logger().info("olá", name="a\ud800")
    assert b"ol\\xe1" in written.getvalue()
    assert b"name=a\\ud800" in written.getvalue()


def test_json_is_utf_8_in_every_locale() -> None:
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding="latin-1", write_through=True)
    with logged(to=terminal):
        structlog.get_logger().info("olá")
    assert json.loads(written.getvalue().decode("utf-8"))["event"] == "olá"
