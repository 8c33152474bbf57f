"""The site of the documents is whole: each page is in its navigation, and no link is dead."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support.documents import dead_links, navigation, pages

ROOT = Path(__file__).resolve().parents[3]


def test_each_page_is_once_in_the_navigation() -> None:
    there = Counter(str(page.relative_to(ROOT)) for page in pages(ROOT))
    assert Counter(navigation(ROOT)) == there, "change `nav` in zensical.toml"


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_to_a_page_or_a_file_of_the_site(page: Path) -> None:
    assert dead_links(ROOT, page) == []
