"""Demo invoices are added once."""

from app.container import ApplicationContainer
from app.shared.composition import seeded


async def test_demo_invoices_are_added_once(
    container: ApplicationContainer, clean_database: None
) -> None:
    said = [sentence async for sentence in seeded(container)]
    assert "Added 60 invoices." in said
    again = [sentence async for sentence in seeded(container)]
    assert "Added 0 invoices." in again
