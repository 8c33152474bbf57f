"""The pages of sqladmin in a real browser, with the policy that docs/fastapi.md gives them."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.config.settings import Settings
from app.main import create_app
from tests.e2e.fastapi.conftest import write_vouchers
from tests.e2e.fastapi.examples.shop import Application, ShopSettings
from tests.e2e.fastapi.examples.vouchers import Voucher
from tests.support.people import PASSWORD, Person
from tests.support.ports import free_port
from tests.support.server import served

# A browser shows the same on every database.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

# As a project's own page does: the browser stores the cookie, and sends the page's Origin.
SIGN_IN = """
async form => (await fetch("/api/v1/auth/cookie", {
    method: "POST", body: new URLSearchParams(form),
})).status
"""


@pytest.fixture
async def address(settings: Settings, shop: ShopSettings) -> AsyncIterator[str]:
    """The URL for the browser."""
    await write_vouchers(shop.database)
    port = free_port()
    own = settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}"})
    with served(create_app(own.with_modules(shop), Application), port=port) as address:
        yield address


@pytest.fixture
def complaints() -> list[str]:
    """The messages of the browser's console, such as what a policy blocked."""
    return []


@pytest.fixture
async def page(browser: Browser, address: str, complaints: list[str]) -> AsyncIterator[Page]:
    def note(said: ConsoleMessage) -> None:
        if said.location["url"] != f"{address}/favicon.ico":  # a browser requests this by itself
            complaints.append(f"{said.type}: {said.text}")

    context = await browser.new_context(base_url=address)
    context.set_default_timeout(10_000)
    page = await context.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()


async def sign_in(page: Page, email: str) -> None:
    await page.goto("/docs")
    form = {"username": email, "password": PASSWORD}
    assert await page.evaluate(SIGN_IN, form) == 204


async def vouchers(shop: ShopSettings) -> list[tuple[Any, ...]]:
    engine = create_async_engine(shop.database, poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.execute(select(Voucher.code, Voucher.percent).order_by(Voucher.id))
        rows = [tuple(row) for row in found]
    await engine.dispose()
    return rows


async def save(page: Page, **fields: str) -> None:
    for label, value in fields.items():
        await page.get_by_label(label).fill(value)
    await page.get_by_role("button", name="Save", exact=True).click()


async def test_an_administrator_finds_edits_adds_and_deletes_rows(
    page: Page, admin: Person, shop: ShopSettings, complaints: list[str]
) -> None:
    await sign_in(page, "admin@example.com")
    rows = page.get_by_role("row")

    await page.goto("/admin/")
    await page.get_by_role("link", name="Vouchers").last.click()
    await rows.filter(has_text="SPRING").get_by_label("Edit").click()
    await save(page, Percent="15")
    await expect(rows.filter(has_text="15")).to_be_visible()
    assert await vouchers(shop) == [("SPRING", 15)]

    await page.get_by_role("link", name="New Voucher").click()
    await save(page, Code="AUTUMN", Percent="20")
    await expect(rows.filter(has_text="AUTUMN")).to_be_visible()
    assert await vouchers(shop) == [("SPRING", 15), ("AUTUMN", 20)]

    await page.get_by_placeholder("Search").fill("AUT")
    await page.get_by_role("button", name="Search").click()
    await page.wait_for_url("**search=AUT*")  # its scripts too: they say which row is deleted
    await expect(rows.filter(has_text="SPRING")).to_have_count(0)
    await rows.filter(has_text="AUTUMN").get_by_label("Delete").click()
    delete = page.locator("#modal-delete-button")
    await expect(delete).to_have_attribute("data-url", re.compile("pks="))  # set once it is shown
    await delete.click()
    await expect(rows.filter(has_text="AUTUMN")).to_have_count(0)
    assert await vouchers(shop) == [("SPRING", 15)]

    assert complaints == []


async def test_a_page_shows_nothing_to_a_browser_that_has_not_signed_in(
    page: Page, client: httpx2.AsyncClient
) -> None:
    answer = await page.goto("/admin/voucher/list")
    assert answer is not None
    assert (answer.status, "SPRING" in await page.content()) == (401, False)
