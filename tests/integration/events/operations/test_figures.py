"""Metrics: the backlog from the database, and the counters of this process."""

import asyncio
from collections.abc import Iterable

from app.shared.application.dto.events import LagView
from app.shared.infrastructure.database.connection import DatabaseUnavailable
from app.shared.infrastructure.events.operations.metrics import Scrape
from tests.integration.events.operations.world import RECORD, RENAME, Slow, World


async def figures(scrape: Scrape) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels' values."""
    samples = [sample for metric in (await scrape()).collect() for sample in metric.samples]
    return {(s.name, *(s.labels[label] for label in sorted(s.labels))): s.value for s in samples}


async def test_the_backlog_is_asked_of_the_database(world: World) -> None:
    slow = Slow()
    world.add(slow)
    world.record.refused = {2}
    await world.happen(1, 2, 3)
    await world.engine.step()
    await slow.has_begun.wait()
    while "dead" not in await world.states():  # the slow one runs meanwhile
        await world.engine.step()
        await asyncio.sleep(0)

    found = await figures(Scrape(world.backlog.lag))
    slow.may_go_on.set()
    await world.drain()

    assert found["event_backlog", RECORD, "default", "dead"] == 1
    assert found["event_backlog", "test.slow", "outside", "claimed"] == 1
    assert found["event_blocked_streams", RECORD, "default"] == 1
    assert found["event_oldest_ready_seconds", "test.slow", "outside"] >= 0


async def test_a_handler_that_has_nothing_any_more_leaves_no_figure_behind(world: World) -> None:
    scrape = Scrape(world.backlog.lag)
    await world.happen(1)
    await world.execute(RENAME, of_handler=RECORD, as_handler="test.gone")
    await world.drain()
    of_handler = ("event_backlog", "test.gone", "none", "no_handler")
    assert (await figures(scrape))[of_handler] == 1

    await world.operations.discard_all("test.gone", reason="was removed")
    assert of_handler not in await figures(scrape)


async def test_this_process_counts_how_deliveries_ended_and_how_many_attempts_they_took(
    world: World,
) -> None:
    scrape = Scrape(world.backlog.lag)
    before = await figures(scrape)
    world.record.refused = {2}
    await world.happen(1)
    await world.happen(2)
    await world.drain()
    after = await figures(scrape)

    def grew(*name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grew("event_deliveries_total", RECORD, "done", "default") == 1
    assert grew("event_deliveries_total", RECORD, "dead", "default") == 1
    assert grew("event_delivery_attempts_sum", RECORD, "default") == 2
    assert grew("event_handler_seconds_count", RECORD, "default") == 2
    assert grew("event_claim_seconds_count") >= 1


async def test_without_a_database_what_this_process_counted_is_still_told() -> None:
    async def lag() -> Iterable[LagView]:
        raise DatabaseUnavailable

    found = await figures(Scrape(lag))
    assert ("event_claim_seconds_count",) in found
    assert not [name for name in found if name[0] == "event_backlog"]
    assert found[("event_backlog_known",)] == 0


async def test_a_backlog_that_is_known_says_so(world: World) -> None:
    assert (await figures(Scrape(world.backlog.lag)))[("event_backlog_known",)] == 1


async def test_while_the_database_does_not_answer_the_last_known_backlog_is_shown() -> None:
    known = [LagView("test.record", is_known=True, queue="default", dead=3)]

    async def lag() -> Iterable[LagView]:
        if not known:
            raise DatabaseUnavailable
        return [known.pop()]

    scrape = Scrape(lag)
    dead = ("event_backlog", "test.record", "default", "dead")
    for is_known in (1, 0):
        found = await figures(scrape)
        assert (found[dead], found[("event_backlog_known",)]) == (3, is_known)
