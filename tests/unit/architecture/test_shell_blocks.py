"""Each shell block of a document is run by a test, or the page says why nobody runs it."""

from pathlib import Path

import pytest

from tests.support.documents import pages
from tests.support.guides import ROOT, RUN, SHELLS, TESTS, blocks_of, to_be_run
from tests.support.thorough import IS_MADE

PAGES = pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: str(page.relative_to(ROOT)))
CLAIMED = {section for sections in RUN.values() for section in sections}
HOW = (
    "run it in a test (`RUN` in tests/support/guides.py), or say directly before it why not: "
    "<!-- not run: reason -->"
)


@PAGES
def test_each_shell_block_is_run_or_says_why_not(page: Path) -> None:
    shell = [block for block in blocks_of(page) if block.language in SHELLS]
    neither = [block for block in shell if block.reason is None and block.section not in CLAIMED]
    assert [(block.section.heading, block.text) for block in neither] == [], HOW


@PAGES
def test_a_reason_is_given_in_fifteen_words_at_most(page: Path) -> None:
    reasons = [block.reason for block in blocks_of(page) if block.reason is not None]
    assert [reason for reason in reasons if not 1 <= len(reason.split()) <= 15] == []


@PAGES
def test_each_block_names_its_language(page: Path) -> None:
    assert [block.text for block in blocks_of(page) if not block.language] == []


@pytest.mark.skipif(IS_MADE, reason="a project has a README of its own, and no tests of the tool")
@pytest.mark.parametrize("test", RUN)
def test_the_tests_that_run_blocks_take_them_from_the_list(test: str) -> None:
    assert "run_by(__file__)" in (TESTS / test).read_text(encoding="utf-8")
    assert [section for section in RUN[test] if not to_be_run(section)] == []
