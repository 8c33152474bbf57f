"""The documents show code that tests run."""

from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
EXAMPLES: Final = {
    "docs/fastapi.md": "tests/e2e/fastapi/examples",
    "docs/http-client.md": "tests/e2e/other_services",
    "docs/jobs.md": "tests/e2e/jobs",
    "docs/types.md": "tests/e2e/types/bookings",
}
"""The files of a page's code."""


def blocks_of(page: str) -> list[str]:
    parts = (ROOT / page).read_text(encoding="utf-8").split("```python\n")[1:]
    return [part.partition("```")[0] for part in parts]


@pytest.mark.parametrize(
    ("page", "block"),
    [
        pytest.param(page, block, id=f"{page}-{number}")
        for page in EXAMPLES
        for number, block in enumerate(blocks_of(page), 1)
    ],
)
def test_each_example_of_a_page_is_code_that_tests_run(page: str, block: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / EXAMPLES[page]).rglob("*.py")]
    assert any(block.strip() in source for source in sources), block
