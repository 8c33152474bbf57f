"""Refresh tokens that twenty requests use at once, at two processes, in many rounds."""

from collections.abc import Callable
from pathlib import Path

from tests.support.pair import pair_of_services, race


async def test_exactly_one_of_twenty_gets_a_pair_in_every_round(
    another_database: Callable[[str, str], str],
    tmp_path: Path,
    rounds: Callable[[int], int],
) -> None:
    address = another_database("postgresql", "races")
    async with pair_of_services(tmp_path, DATABASE_URL=address) as pair:
        await race(pair, rounds(5))
