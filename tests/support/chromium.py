"""A browser to look at pages with: Chromium, driven by Playwright."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class NoBrowser(Exception):
    """There is none; the message says where it was looked for."""


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Run the machine's own Chromium or Chrome, or the one that Playwright keeps."""
    async with async_playwright() as playwright:
        names = (*NAMES, playwright.chromium.executable_path)
        found = next(filter(None, map(shutil.which, names)), None)
        if found is None:
            raise NoBrowser("no Chromium or Chrome on the PATH: apt-get install chromium")
        browser = await playwright.chromium.launch(executable_path=found)
        yield browser
        await browser.close()
