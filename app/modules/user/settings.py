"""The settings of accounts: their sessions, keys, links and failed sign-ins."""

from typing import Self

from pydantic import Field, model_validator

from app.config.module_settings import ModuleSettings


class UserSettings(ModuleSettings):
    """Accounts."""

    session_idle_days: int = Field(
        14,
        ge=1,
        le=90,
        description="A session ends after this number of days without use.",
        examples=["14"],
    )
    session_max_days: int = Field(
        90,
        ge=1,
        le=365,
        description="Every session ends after this number of days.",
        examples=["90"],
    )
    sessions_per_account: int = Field(
        100,
        ge=1,
        le=1000,
        description=(
            "The largest number of sessions of one account. "
            "One more sign-in ends the session that was not used for the longest time."
        ),
        examples=["100"],
    )
    api_key_days: int = Field(
        90,
        ge=1,
        le=3650,
        description=(
            "An API key ends after this number of days, unless the request for it names another "
            "day."
        ),
        examples=["90"],
    )
    api_key_max_days: int = Field(
        365,
        ge=1,
        le=3650,
        description="The largest number of days that a request for an API key may name.",
        examples=["365"],
    )
    api_keys_per_account: int = Field(
        50,
        ge=1,
        le=1000,
        description=(
            "The largest number of API keys of one account. The service refuses to create more."
        ),
        examples=["50"],
    )
    password_reset_minutes: int = Field(
        60,
        ge=1,
        le=60,
        description="A link that sets a new password works for this number of minutes.",
        examples=["60"],
    )
    verification_hours: int = Field(
        24,
        ge=1,
        le=24,
        description="A link that verifies an address works for this number of hours.",
        examples=["24"],
    )
    registration_keep_days: int = Field(
        7,
        ge=1,
        le=90,
        description=(
            "A registration is kept for this number of days if its address is not verified. "
            "During this time its link can be sent again."
        ),
        examples=["7"],
    )
    sign_in_failures_per_account: int = Field(
        10,
        ge=1,
        le=10_000,
        description=(
            "The number of wrong passwords that are allowed in five minutes for one account, or "
            "for one session that must send its password again. After that the service also "
            "refuses the correct password."
        ),
        examples=["10"],
    )
    sign_in_failures_per_client: int = Field(
        10,
        ge=1,
        le=10_000,
        description=(
            "The same for one client address. For IPv6 it counts a /64 network. A /56 network may "
            "have four times as many, and a /48 network sixteen times as many."
        ),
        examples=["10"],
    )
    sign_in_failures_total: int = Field(
        1000,
        ge=1,
        le=100_000,
        description=(
            "The same for all clients together. Above it the service refuses only clients that "
            "have failed sign-ins themselves, and only for accounts that have failed sign-ins."
        ),
        examples=["1000"],
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.api_key_days > self.api_key_max_days:
            message = (
                "API_KEY_DAYS must be at most API_KEY_MAX_DAYS: no key may last longer; "
                "for example: API_KEY_DAYS=90"
            )
            raise ValueError(message)
        return self
