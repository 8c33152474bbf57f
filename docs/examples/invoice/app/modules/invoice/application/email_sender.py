"""The emails that the module sends."""

from typing import Protocol

from app.modules.invoice.application.dto import InvoiceView


class InvoiceEmailSender(Protocol):
    async def send_invoice(self, invoice: InvoiceView, /, *, key: str) -> None:
        """Send it to the customer; `key` identifies repetitions.

        Raises EmailRefused and EmailDelayed.
        """
        ...
