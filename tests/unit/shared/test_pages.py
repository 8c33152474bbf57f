import datetime as dt

import pytest

from app.shared.application.base_usecase import SystemClock
from app.shared.application.dto import PaginatedResponse


@pytest.mark.parametrize(
    ("total", "size", "pages"),
    [(0, 20, 0), (1, 20, 1), (19, 20, 1), (20, 20, 1), (21, 20, 2), (40, 20, 2), (3, 1, 3)],
)
def test_a_numbered_page_has_the_number_of_pages(total: int, size: int, pages: int) -> None:
    page = PaginatedResponse.of(["a"], total=total, page=1, size=size)
    assert page == PaginatedResponse(items=["a"], total=total, page=1, size=size, pages=pages)


def test_the_system_clock_returns_utc() -> None:
    assert SystemClock().now().tzinfo is dt.UTC
