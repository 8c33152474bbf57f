"""The settings of tasks and of their webhook."""

from pydantic import Field

from app.config.url_types import SIGNING_KEY_EXAMPLE, SIGNING_KEY_SAMPLE, SigningKey, WebUrl
from app.config.webhook_settings import WebhookSettings


class TaskSettings(WebhookSettings):
    """Tasks."""

    prefix = "TASK_"

    bin_keep_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="A deleted task can be restored for this number of days. Then it is removed.",
        examples=["30"],
    )
    quota: int = Field(
        10_000,
        ge=1,
        le=10_000_000,
        description=(
            "The largest number of tasks of one account, including deleted ones. "
            "The service refuses to create more (409 quota_exceeded)."
        ),
        examples=["10000"],
    )
    quota_bytes: int = Field(
        50_000_000,
        ge=50_000,
        le=10**12,
        description="How many bytes the titles and descriptions of one account's tasks may have.",
        examples=["50000000"],
    )
    quota_assignments_per_day: int = Field(
        500,
        ge=1,
        le=100_000,
        description="How often in 24 hours one account may assign a task to another user.",
        examples=["500"],
    )
    webhook_url: WebUrl | None = Field(
        default=None,
        validation_alias="EXTERNAL_API_URL",
        description=(
            "Receives a signed webhook (standardwebhooks.com) for each completed task: an https "
            "address. It needs EXTERNAL_API_KEY. Without it no webhook is sent."
        ),
        examples=["https://hooks.example.com/tasks"],
    )
    webhook_key: SigningKey | None = Field(
        default=None,
        validation_alias="EXTERNAL_API_KEY",
        description=(
            "Signs the webhooks: the output of `echo whsec_$(openssl rand -base64 32)`. Receivers "
            "get the same text (docs/api/webhooks.md). Any other form is refused, since their "
            "libraries would read another key from it."
        ),
        examples=[SIGNING_KEY_EXAMPLE, SIGNING_KEY_SAMPLE],
    )
    webhook_previous_key: SigningKey | None = Field(
        default=None,
        validation_alias="EXTERNAL_API_PREVIOUS_KEY",
        description="The previous key, until all receivers have the new one: both keys sign.",
        examples=[SIGNING_KEY_EXAMPLE, SIGNING_KEY_SAMPLE],
    )
    webhook_allow_private: bool = Field(
        default=False,
        validation_alias="EXTERNAL_API_ALLOW_PRIVATE",
        description=(
            "Whether EXTERNAL_API_URL may have a private address, or http. Otherwise the "
            "service refuses each address that is not public, also if it belongs to a host name."
        ),
        examples=["true"],
    )
