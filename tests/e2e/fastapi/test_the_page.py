"""The page of FastAPI's ways shows code that the tests beside it run."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent / "examples"
PAGE = Path(__file__).parents[3] / "docs/fastapi.md"


def blocks_of(page: Path) -> list[str]:
    parts = page.read_text(encoding="utf-8").split("```python\n")[1:]
    return [part.partition("```")[0] for part in parts]


@pytest.mark.parametrize("block", blocks_of(PAGE), ids=lambda block: block.splitlines()[0])
def test_each_example_of_the_page_is_code_that_these_tests_run(block: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")]
    assert any(block.strip() in source for source in sources), block
