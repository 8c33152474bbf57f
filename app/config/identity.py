"""The settings of tokens and passwords: signing keys, and the cost of a hash."""

from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.config.environment import EnvironmentSettings
from app.config.generated_secret import GeneratedSecret


class IdentitySettings(EnvironmentSettings):
    """A part of `Settings`."""

    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = Field("HS256", examples=["HS256"])
    jwt_secret_key: SecretStr = Field(examples=["the output of: openssl rand -hex 32"])
    jwt_previous_keys: SecretStr | None = Field(
        default=None, examples=["the output of: openssl rand -hex 32"]
    )
    jwt_expire_minutes: int = Field(10, ge=1, le=60, examples=["10"])
    # Never weaker than OWASP's minimum: 19 MiB and two passes.
    password_memory_kib: int = Field(19_456, ge=19_456, le=1_048_576, examples=["19456"])
    password_passes: int = Field(2, ge=2, le=20, examples=["2"])

    @field_validator("jwt_secret_key", mode="before")
    @classmethod
    def _read_kept_secret(cls, value: object) -> object:
        return value.read_or_make() if isinstance(value, GeneratedSecret) else value

    @field_validator("jwt_secret_key", "jwt_previous_keys")
    @classmethod
    def _long_enough(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        # RFC 7518, section 3.2: an HMAC key is at least as long as the hash.
        bits = int(info.data.get("jwt_algorithm", "HS256")[2:])
        text = value.get_secret_value() if value else ""
        keys = text.split() if info.field_name == "jwt_previous_keys" else [text]
        if any(len(key.encode()) < bits // 8 for key in keys):
            message = f"must be at least {bits // 8} bytes" + (" each" if len(keys) > 1 else "")
            raise ValueError(message)
        return value

    @property
    def signing_keys(self) -> list[str]:
        """Return the key that signs, followed by those that only verify."""
        previous = self.jwt_previous_keys.get_secret_value() if self.jwt_previous_keys else ""
        return [self.jwt_secret_key.get_secret_value(), *previous.split()]
