"""The command line, as a script would use it."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog

from app.cli import main
from app.shared.infrastructure.database.connection import Database
from tests.support.dead_letters import HANDLER, leave_failed


class Ended(NamedTuple):
    output: str
    complaint: str | None = None
    """What stands on the last line of a command that failed; its exit status is 1 then."""

    @property
    def json(self) -> Any:
        return json.loads(self.output)


Run = Callable[..., Awaitable[Ended]]


@pytest.fixture
def run(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unchanged_logging: None,
) -> Run:
    """Run `python -m app events …` on the database of the test."""
    monkeypatch.chdir(tmp_path)  # a folder without .env
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("APP_ENV", "test")

    async def run(*arguments: str, group: str = "events") -> Ended:
        code = await asyncio.to_thread(exit_code, [group, *arguments])
        output = capsys.readouterr().out
        if isinstance(code, str):
            return Ended(output, complaint=code)
        assert code == 0, output
        return Ended(output)

    return run


def exit_code(arguments: list[str]) -> str | int | None:
    """Return the exit code. `sys.exit` with a text prints it as the error, and the code is 1."""
    try:
        main(arguments)
    except SystemExit as end:
        return end.code
    return 0


@pytest.fixture
def unchanged_logging() -> Iterator[None]:
    config, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**config)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def failed(open_database: Database, clean_database: None) -> list[int]:
    """A dead delivery, and one that waits behind it."""
    return await leave_failed(open_database)


async def test_deliveries_are_listed_as_a_table_or_as_json(run: Run, failed: list[int]) -> None:
    dead, blocked = failed
    table = (await run("list", "--handler", HANDLER)).output.splitlines()
    assert table[0].split()[:3] == ["id", "state", "handler"]
    assert [line.split()[:3] for line in table[1:]] == [
        [str(blocked), "blocked", HANDLER],
        [str(dead), "dead", HANDLER],
    ]

    (only,) = (await run("list", "--state", "dead", "--json")).json
    assert (only["id"], only["state"], only["last_error"]) == (dead, "dead", "ValueError: no")
    assert (await run("list", "--before", str(dead))).output == "Nothing found.\n"


async def test_an_error_is_shown_without_control_characters(
    run: Run, open_database: Database, clean_database: None
) -> None:
    await leave_failed(open_database, error="[red]:no_good:\x1b[31m")
    table = (await run("list", "--state", "dead")).output
    assert "[red]:no_good:\N{REPLACEMENT CHARACTER}[31m" in table


async def test_a_dead_letter_is_shown_with_its_event_its_errors_and_what_it_blocks(
    run: Run, failed: list[int]
) -> None:
    dead, blocked = failed
    text = (await run("show", str(dead))).output
    for expected in ("user.deactivated", "attempt 10", "Traceback", "blocks 1", f"  {blocked} "):
        assert expected in text
    shown = (await run("show", str(dead), "--json")).json
    assert (shown["blocks"], shown["first_blocked"][0]["id"]) == (1, blocked)


async def test_one_or_all_deliveries_of_a_handler_are_retried(run: Run, failed: list[int]) -> None:
    dead, _ = failed
    assert "retried" in (await run("retry", str(dead))).output
    (ready,) = (await run("list", "--state", "ready", "--json")).json
    assert (ready["id"], ready["attempts"]) == (dead, 0)
    assert (await run("retry", "--handler", HANDLER)).output.startswith("0 deliveries")


async def test_one_or_all_deliveries_of_a_handler_are_discarded(
    run: Run, failed: list[int]
) -> None:
    dead, blocked = failed
    await run("discard", str(dead), "--reason", "was wrong")
    shown = (await run("show", str(dead), "--json")).json["delivery"]
    assert (shown["state"], shown["last_error"]) == ("discarded", "discarded: was wrong")
    (ready,) = (await run("list", "--state", "ready", "--json")).json
    assert ready["id"] == blocked
    given_up = await run("discard", "--handler", HANDLER, "--reason", "was wrong")
    assert given_up.output.startswith("0 deliveries")


async def test_events_are_replayed_and_backfilled(run: Run, failed: list[int]) -> None:
    dead, _ = failed
    await run("discard", str(dead), "--reason", "was wrong")
    since = ("--since", "2026-01-01T00:00:00Z")
    assert (await run("replay", HANDLER, *since)).output.startswith("0 deliveries")
    again = await run("replay", HANDLER, *since, "--discarded")
    assert again.output == "1 delivery will be delivered again.\n"
    nothing = await run(
        "replay", HANDLER, "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-02T00:00:00+01:00"
    )
    assert nothing.output.startswith("0 deliveries")
    filled_in = await run("backfill", "user.end_sessions", "--since", "2026-01-01T00:00:00Z")
    assert filled_in.output.startswith("0 deliveries")


async def test_lag_streams_and_handlers_are_shown(run: Run, failed: list[int]) -> None:
    dead, _ = failed
    (lag,) = [each for each in (await run("lag", "--json")).json if each["handler"] == HANDLER]
    assert (lag["dead"], lag["blocked"], lag["blocked_streams"]) == (1, 1, 1)
    (stream,) = (await run("streams", "--json")).json
    assert (stream["behind"], stream["behind_state"], stream["waiting"]) == (dead, "dead", 1)
    handlers = {each["id"]: each for each in (await run("handlers", "--json")).json}
    assert handlers[HANDLER]["events"] == ["user.deactivated"]
    assert handlers["user.forget_sessions"]["schedule"] == "every 1:00:00"
    for table in ("lag", "streams", "handlers"):
        assert HANDLER in (await run(table)).output


async def test_a_handler_is_paused_and_resumes(run: Run, failed: list[int]) -> None:
    async def paused() -> list[str]:
        handlers = (await run("handlers", "--json")).json
        return [handler["id"] for handler in handlers if handler["paused_at"]]

    await run("pause", HANDLER)
    assert await paused() == [HANDLER]
    assert f"{HANDLER} is paused: " in (await run("lag")).output
    await run("resume", HANDLER)
    assert await paused() == []
    assert "is paused" not in (await run("lag")).output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("show 404", "There is no such delivery."),
        ("retry 404", "There is no such delivery."),
        ("discard 404 --reason wrong", "There is no such delivery."),
        ("list --handler no.such", "There is no such handler."),
        ("retry --handler no.such", "There is no such handler."),
        ("discard --handler no.such --reason wrong", "There is no such handler."),
        ("pause no.such", "There is no such handler."),
        ("resume no.such", "There is no such handler."),
        ("replay no.such --since 2026-01-01T00:00:00Z", "There is no such handler."),
        (
            "backfill user.forget_sessions --since 2026-01-01T00:00:00Z",
            "The handler is for a schedule or a job, which have no events.",
        ),
        (
            "list --state lost",
            (
                "state: must be one of ready, claimed, dead, done, blocked, no_handler, discarded, "
                "cancelled, held"
            ),
        ),
        (f"replay {HANDLER} --since yesterday", "time: must be like 2026-01-31T12:00:00Z"),
        ("retry", "delivery: give either the number of a delivery or --handler"),
        (
            f"retry 1 --handler {HANDLER}",
            "delivery: give either the number of a delivery or --handler",
        ),
    ],
)
async def test_an_unknown_id_is_reported_in_one_line(
    run: Run, failed: list[int], arguments: str, complaint: str
) -> None:
    assert await run(*arguments.split()) == Ended("", complaint)


async def test_an_impossible_retry_is_reported_in_one_line(run: Run, failed: list[int]) -> None:
    _, blocked = failed
    refused = await run("retry", str(blocked))
    assert refused == Ended("", "The delivery is not dead, not discarded, and has a handler.")
