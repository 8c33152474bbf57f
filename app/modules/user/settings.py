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
        description="After how many days a session ends that is not used.",
        examples=["14"],
    )
    session_max_days: int = Field(
        90, ge=1, le=365, description="After how many days every session ends.", examples=["90"]
    )
    sessions_per_account: int = Field(
        100,
        ge=1,
        le=1000,
        description=(
            "How many sessions one account has at a time. "
            "One more ends the session that was not used for the longest time."
        ),
        examples=["100"],
    )
    api_key_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="After how many days an API key ends, unless the request names another day.",
        examples=["90"],
    )
    api_key_max_days: int = Field(
        365,
        ge=1,
        le=3650,
        description="The most days that a request for an API key may ask for.",
        examples=["365"],
    )
    api_keys_per_account: int = Field(
        50,
        ge=1,
        le=1000,
        description="How many API keys one account may have. Another one is refused.",
        examples=["50"],
    )
    password_reset_minutes: int = Field(
        60,
        ge=1,
        le=60,
        description="For how many minutes a link that sets a new password works.",
        examples=["60"],
    )
    verification_hours: int = Field(
        24,
        ge=1,
        le=24,
        description="For how many hours a link that verifies an address works.",
        examples=["24"],
    )
    registration_keep_days: int = Field(
        7,
        ge=1,
        le=90,
        description=(
            "For how many days a registration is kept whose address is not verified. "
            "Until then its link can be sent again."
        ),
        examples=["7"],
    )
    sign_in_failures_per_account: int = Field(
        10,
        ge=1,
        le=10_000,
        description=(
            "How many wrong passwords are allowed in five minutes for one account, or for one "
            "session that is asked for its password again. Then right ones are refused too."
        ),
        examples=["10"],
    )
    sign_in_failures_per_client: int = Field(
        10,
        ge=1,
        le=10_000,
        description=(
            "The same for one client address. For IPv6 it counts a /64 network; a /56 may have "
            "four times as many, a /48 sixteen times as many."
        ),
        examples=["10"],
    )
    sign_in_failures_total: int = Field(
        1000,
        ge=1,
        le=100_000,
        description=(
            "The same for all clients together. It refuses only clients that have failed "
            "themselves, at accounts with failed sign-ins."
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
