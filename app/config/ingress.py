"""The settings of incoming requests: hosts, proxies, origins and security headers."""

from pydantic import Field

from app.config.environment import EnvironmentSettings
from app.config.url_types import HostNames, Networks, Origins


class IngressSettings(EnvironmentSettings):
    """A part of `Settings`."""

    allowed_hosts: HostNames = Field((), examples=["api.example.com"])
    cors_origins: Origins = Field((), examples=["https://app.example.com"])
    trusted_proxies: Networks | None = Field(default=None, examples=["10.0.0.0/8, 192.0.2.7"])
    body_timeout_seconds: float = Field(30.0, ge=1, le=300, examples=["30"])
    docs: bool | None = Field(default=None, examples=["false"])
    hsts_include_subdomains: bool = Field(default=False, examples=["true"])
