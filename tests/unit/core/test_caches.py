from collections import OrderedDict

import pytest

from app.core.caches import evict_oldest


@pytest.mark.parametrize(
    ("most", "left"), [(4, [1, 2, 3]), (3, [1, 2, 3]), (2, [2, 3]), (1, [3]), (0, [])]
)
def test_the_oldest_are_evicted_until_there_is_room(most: int, left: list[int]) -> None:
    remembered = OrderedDict.fromkeys([1, 2, 3])
    evict_oldest(remembered, most=most)
    assert list(remembered) == left
