"""The pages of the documents: their links, their anchors, and the navigation of their site."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_CODE: Final = re.compile(r"^ *```.*?^ *```|`[^`\n]+`|<!--.*?-->", re.MULTILINE | re.DOTALL)
_FENCED: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
# What scripts/build_docs.sh takes along beside pages.
_FILES: Final = ("LICENSE", ".env.example", ".alicerce/LICENSE")


def pages(root: Path) -> list[Path]:
    """Return each page of a project."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def navigation(root: Path) -> list[str]:
    """Return the pages of the site's navigation, in its order."""
    site = tomllib.loads((root / "zensical.toml").read_text(encoding="utf-8"))["project"]
    return list(_leaves(site["nav"]))


def _leaves(entries: Any) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    else:
        each = entries.values() if isinstance(entries, dict) else entries
        for entry in each:
            yield from _leaves(entry)


def dead_links(root: Path, page: Path) -> list[str]:
    """Return the links of a page that lead to nothing that the site has."""
    links = _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))
    return [link for link in links if "://" not in link and not _leads(root, page, link)]


def _leads(root: Path, page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    is_at_the_root = target.parent == root and target.suffix == ".md"
    is_taken = is_at_the_root or target in {root / file for file in _FILES}
    if not (is_taken or target.is_relative_to(root / "docs")) or not target.is_file():
        return False
    return not anchor or anchor in anchors(target)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings, as readers of Markdown make them."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    shown = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in shown}
