"""The settings of a module that tells another system of its events.

class InvoiceSettings(WebhookSettings):
    \"\"\"Invoices.\"\"\"

    prefix = "INVOICE_"

It has INVOICE_WEBHOOK_URL, INVOICE_WEBHOOK_KEY and the others then.
"""

from collections.abc import Iterator
from typing import Self

from pydantic import Field, SecretStr, model_validator

from app.config.module_settings import ModuleSettings, Refusal
from app.config.production import RANDOM, is_guessable
from app.config.url_types import (
    SIGNING_KEY_EXAMPLE,
    SIGNING_KEY_PREFIX,
    SIGNING_KEY_SAMPLE,
    SigningKey,
    WebUrl,
    signing_key,
)


class WebhookSettings(ModuleSettings):
    """Derive from it. A module that needs other names gives the fields a `validation_alias`."""

    webhook_url: WebUrl | None = Field(
        default=None,
        description=(
            "Receives a signed webhook (standardwebhooks.com) for events of this module: an https "
            "address. It needs a key. Without it no webhook is sent."
        ),
        examples=["https://hooks.example.com/events"],
    )
    webhook_key: SigningKey | None = Field(
        default=None,
        description=(
            "Signs the webhooks: the output of `echo whsec_$(openssl rand -base64 32)`. Receivers "
            "get the same text (docs/api/webhooks.md)."
        ),
        examples=[SIGNING_KEY_EXAMPLE, SIGNING_KEY_SAMPLE],
    )
    webhook_previous_key: SigningKey | None = Field(
        default=None,
        description="The previous key, until all receivers have the new one: both keys sign.",
        examples=[SIGNING_KEY_EXAMPLE, SIGNING_KEY_SAMPLE],
    )
    webhook_allow_private: bool = Field(
        default=False,
        description=(
            "Whether the webhook may go to a private address, or over http. Otherwise the "
            "service refuses each address that is not public, also if it belongs to a host name."
        ),
        examples=["true"],
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        url, key = self.variable("webhook_url"), self.variable("webhook_key")
        if self.webhook_url and not self.webhook_key:
            message = (
                f"{key} is missing: it signs the webhooks to {url}; "
                f"for example: {key}={SIGNING_KEY_EXAMPLE}"
            )
            raise ValueError(message)
        is_open = (self.webhook_url or "").lower().startswith("http:")
        if is_open and not self.webhook_allow_private:
            message = (
                f"{url} must be https, except in a network of your own; "
                f"for example: {self.variable('webhook_allow_private')}=true"
            )
            raise ValueError(message)
        return self

    @property
    def webhook_keys(self) -> tuple[bytes, ...]:
        """The keys that sign webhooks: during a replacement, both."""
        keys = (self.webhook_key, self.webhook_previous_key)
        return tuple(signing_key(key) for key in keys if key)

    def unfit_for_production(self) -> Iterator[Refusal]:
        for field in ("webhook_key", "webhook_previous_key"):
            key: SecretStr | None = getattr(self, field)
            text = key.get_secret_value() if key else ""
            is_known = text == SIGNING_KEY_SAMPLE
            if text and (is_known or is_guessable(text.removeprefix(SIGNING_KEY_PREFIX))):
                yield self.variable(field), RANDOM, SIGNING_KEY_EXAMPLE
