"""The pages of the built site lead to what is there, and load nothing from other hosts."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.documents import navigation
from tests.support.server import ROOT

SITE: Final = ROOT / "site"
# Those below docs/examples are no pages, but templates of a module.
PAGES: Final = [
    path for path in sorted(SITE.rglob("*.html")) if "app" not in path.relative_to(SITE).parts
]


class Page(HTMLParser):
    """What a page links to, what it loads, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and "href" in given:
            self.loaded.append(given["href"])
        elif "src" in given:
            self.loaded.append(given["src"])


READ: Final = {path: Page(path) for path in PAGES}


def leads(page: Page, link: str) -> bool:
    """Return whether a link leads to another host, or to a file and an anchor of the site."""
    parts = urlsplit(link)
    if parts.scheme:
        return True
    folder = SITE if parts.path.startswith("/") else page.path.parent  # 404.html is at any address
    target = (folder / unquote(parts.path).lstrip("/")).resolve() if parts.path else page.path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    return not parts.fragment or unquote(parts.fragment) in READ[target].anchors


def test_each_page_of_the_navigation_is_built() -> None:
    built = {str(path.relative_to(SITE)) for path in PAGES}
    wanted = {Path(page).with_suffix(".html") for page in navigation(ROOT)}
    indexes = {path.with_name("index.html") if path.stem == "README" else path for path in wanted}
    assert built - {"404.html"} == {str(path) for path in indexes}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(SITE)))
def test_a_page_has_no_dead_link(path: Path) -> None:
    page = READ[path]
    assert [link for link in page.links if not leads(page, link)] == []
    assert len(page.links) > 3


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(SITE)))
def test_a_page_loads_nothing_from_other_hosts(path: Path) -> None:
    assert [each for each in READ[path].loaded if urlsplit(each).netloc] == []
    assert READ[path].loaded
