"""Every setting of the service: read once, checked whole, never changed afterwards."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from sqlalchemy.engine import URL

from app.config.database_url import MAX_PORT, DatabaseUrl, read_database_url
from app.config.edge import EdgeSettings
from app.config.env_file import UNDECIDED, EnvFile, UnusableEnvFile
from app.config.events import EventSettings
from app.config.identity import IdentitySettings
from app.config.kept_secret import LazySecret
from app.config.limits import LimitSettings
from app.config.outside import (
    SIGNING_KEY_EXAMPLE,
    HostNames,
    Mailbox,
    MailServerUrl,
    RedisUrl,
    SentryDsn,
    SigningKey,
    WebUrl,
    origin_of,
    signing_key,
)
from app.config.production import unfit_for_production
from app.config.secret_files import SecretFiles, UnusableSecretFile

Profile = Literal["development", "test", "production"]


class InvalidSettingsError(Exception):
    """The service can't start: one line per setting that is missing or wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(["The settings are not usable:", *problems]))


class Settings(EdgeSettings, EventSettings, IdentitySettings, LimitSettings):
    """Read from the environment and from `.env`; `.env.example` explains each in its place."""

    model_config = SettingsConfigDict(
        env_file=UNDECIDED,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    app_env: Profile = Field("development", examples=["production"])
    app_name: str = Field("Alicerce", min_length=1, max_length=80, examples=["Shop"])
    version: str = Field("0.1.0", min_length=1, max_length=40, examples=["1.0.0"])
    debug: bool = Field(default=False, examples=["false"])

    host: str = Field("127.0.0.1", min_length=1, examples=["0.0.0.0"])  # noqa: S104 - an example, not a bind
    port: int = Field(8000, ge=0, le=MAX_PORT, examples=["8000"])
    web_concurrency: int = Field(1, ge=1, le=64, examples=["2"])
    data_dir: Path = Field(Path("var"), examples=["/var/lib/alicerce"])

    database_url: DatabaseUrl = Field(
        examples=["postgresql://user:password@localhost:5432/alicerce"]
    )
    migration_database_url: DatabaseUrl | None = Field(
        default=None, examples=["postgresql://owner:password@localhost:5432/alicerce"]
    )
    database_echo: bool = Field(default=False, examples=["false"])
    database_pool_size: int = Field(10, ge=1, le=200, examples=["10"])
    database_timeout_seconds: float = Field(5.0, gt=0, le=60, examples=["5"])
    database_search_timeout_seconds: float = Field(2.0, gt=0, le=60, examples=["2"])

    redis_url: RedisUrl | None = Field(default=None, examples=["redis://localhost:6379/1"])
    plaintext_hosts: HostNames = Field((), examples=["db.internal, 10.0.0.5"])

    bin_keep_days: int = Field(30, ge=1, le=3650, examples=["30"])

    external_api_url: WebUrl | None = Field(
        default=None, examples=["https://hooks.example.com/tasks"]
    )
    external_api_key: SigningKey | None = Field(default=None, examples=[SIGNING_KEY_EXAMPLE])
    external_api_previous_key: SigningKey | None = Field(
        default=None, examples=[SIGNING_KEY_EXAMPLE]
    )
    external_api_allow_private: bool = Field(default=False, examples=["true"])

    smtp_url: MailServerUrl | None = Field(None, examples=["smtp://user:password@example.com:587"])
    mail_from: Mailbox = Field("no-reply@localhost", examples=["Shop <no-reply@example.com>"])
    public_url: WebUrl | None = Field(default=None, examples=["https://tasks.example.com"])

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", examples=["INFO"]
    )
    metrics_token: SecretStr | None = Field(
        default=None, min_length=16, examples=["the output of: openssl rand -hex 16"]
    )
    metrics_port: int | None = Field(default=None, ge=1, le=MAX_PORT, examples=["9000"])
    sentry_dsn: SentryDsn | None = Field(
        default=None, examples=["https://key@sentry.example.com/1"]
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: EnvSettingsSource,  # type: ignore[override]  # which it is, says its documentation
        dotenv_settings: DotEnvSettingsSource,  # type: ignore[override]
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        env_file = EnvFile(settings_cls, dotenv_settings.env_file)
        files = SecretFiles(settings_cls, env_settings, env_file)
        return init_settings, env_settings, env_file, files

    @model_validator(mode="before")
    @classmethod
    def _supply_what_needs_no_decision(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Outside production, name a database file and make a signing key where there is none."""
        if values.get("app_env", "development") == "production":
            return values
        data_dir = Path(values.get("data_dir") or "var")
        file = URL.create("sqlite", database=str(data_dir / "alicerce.db"))
        values.setdefault("database_url", file.render_as_string())
        values.setdefault("jwt_secret_key", LazySecret(data_dir / "secrets" / "jwt_secret_key"))
        return values

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.events == "celery" and self.celery_broker_url is None:
            message = (
                "CELERY_BROKER_URL is missing: EVENTS=celery sends deliveries over it; "
                "for example: CELERY_BROKER_URL=redis://localhost:6379/0"
            )
            raise ValueError(message)
        if self.api_key_days > self.api_key_max_days:
            message = (
                "API_KEY_DAYS must be at most API_KEY_MAX_DAYS: no key may last longer; "
                "for example: API_KEY_DAYS=90"
            )
            raise ValueError(message)
        if self.metrics_port and not self.metrics_token:
            message = (
                "METRICS_TOKEN is missing: metrics are shown on METRICS_PORT to who sends it; "
                "for example: METRICS_TOKEN=the output of: openssl rand -hex 16"
            )
            raise ValueError(message)
        if self.external_api_url and not self.external_api_key:
            message = (
                "EXTERNAL_API_KEY is missing: what goes to EXTERNAL_API_URL is signed with it; "
                f"for example: EXTERNAL_API_KEY={SIGNING_KEY_EXAMPLE}"
            )
            raise ValueError(message)
        is_open = (self.external_api_url or "").lower().startswith("http:")
        if is_open and not self.external_api_allow_private:
            message = (
                "EXTERNAL_API_URL must be https, except in a network of your own; "
                "for example: EXTERNAL_API_ALLOW_PRIVATE=true"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fit_to_the_owner(self) -> Self:
        if self.migration_database_url and any(
            url.get_backend_name() == "sqlite" for url in self.databases.values()
        ):
            message = (
                "MIGRATION_DATABASE_URL must lead to the same PostgreSQL database as DATABASE_URL, "
                "and is for nothing else; for example: "
                "MIGRATION_DATABASE_URL=postgresql://owner:password@localhost:5432/alicerce"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.is_production and (unfit := unfit_for_production(self)):
            raise ValueError("\n  ".join(unfit))
        return self

    @cached_property
    def database(self) -> URL:
        """The database's address, in its one form."""
        return read_database_url(self.database_url.get_secret_value())

    @cached_property
    def owners_database(self) -> URL:
        """The same database as who migrates reaches it: the service need not own its tables."""
        address = self.migration_database_url or self.database_url
        return read_database_url(address.get_secret_value())

    @property
    def databases(self) -> dict[str, URL]:
        """Every address of the database, by the name of its setting."""
        found = {"DATABASE_URL": self.database}
        if self.migration_database_url is not None:
            found["MIGRATION_DATABASE_URL"] = self.owners_database
        return found

    @property
    def effective_log_level(self) -> str:
        """What is logged: with DEBUG everything, else from LOG_LEVEL up."""
        return "DEBUG" if self.debug else self.log_level

    @property
    def short_name(self) -> str:
        """The service's name, as it keeps apart what several services put into one Redis."""
        return re.sub(r"\W+", "-", self.app_name.lower()).strip("-")

    @property
    def webhook_keys(self) -> tuple[bytes, ...]:
        """The keys that sign webhooks: while one replaces another, both."""
        keys = (self.external_api_key, self.external_api_previous_key)
        return tuple(signing_key(key) for key in keys if key)

    @property
    def links_begin_with(self) -> str:
        """The address that people reach the service at, without a slash at its end."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def trusted_origins(self) -> frozenset[bytes]:
        """Whose pages may act with a browser's cookie: our own, and those that CORS lets in."""
        own = origin_of(self.links_begin_with)
        return frozenset(origin.encode() for origin in (own, *self.cors_origins))

    @property
    def shows_docs(self) -> bool:
        """Whether `/docs` and `/openapi.json` are served: outside production, unless DOCS says."""
        return self.docs if self.docs is not None else not self.is_production

    @property
    def is_production(self) -> bool:
        return self.app_env == "production"


def load_settings(**overrides: object) -> Settings:
    """Read and check all settings.

    Raises InvalidSettingsError, which names each variable, what is wrong and an example,
    and never the value: it may be a secret.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # keyword overrides of any field
    except ValidationError as error:
        sentences = "\n".join(_sentence(problem) for problem in error.errors())
        raise InvalidSettingsError(sentences.splitlines()) from None
    except UnusableSecretFile as error:
        raise InvalidSettingsError([f"  {problem}" for problem in error.problems]) from None
    except (SettingsError, UnusableEnvFile) as error:
        raise InvalidSettingsError([f"  {error}"]) from None
    except OSError as error:
        wrong = f"DATA_DIR: {error.filename} can't be used ({error.strerror})"
        example = "DATA_DIR=a folder that this user may write to"
        raise InvalidSettingsError([f"  {wrong}; for example: {example}"]) from None


def _sentence(problem: Any) -> str:
    if not problem["loc"]:
        return f"  {problem['ctx']['error']}"
    name = str(problem["loc"][0])
    field = Settings.model_fields[name]
    wrong = "is missing" if problem["type"] == "missing" else problem["msg"]
    wrong = wrong.removeprefix("Value error, ").removeprefix("Input ")
    return f"  {name.upper()}: {wrong}; for example: {name.upper()}={(field.examples or [''])[0]}"
