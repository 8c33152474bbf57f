"""The settings of invoices."""

from pydantic import Field

from app.config.module_settings import ModuleSettings


class InvoiceSettings(ModuleSettings):
    """Invoices."""

    prefix = "INVOICE_"

    due_days: int = Field(
        30,
        ge=1,
        le=365,
        description="After how many days an invoice is due that names no date.",
        examples=["30"],
    )
