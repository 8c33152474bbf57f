"""All settings of the service: read once, checked together, never changed afterwards."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_settings import SettingsError
from sqlalchemy.engine import URL

from app.config.database_url import MAX_PORT, DatabaseUrl, read_database_url
from app.config.env_file import UnusableEnvFile
from app.config.environment import EnvironmentSettings, sentences
from app.config.events import EventSettings
from app.config.generated_secret import GeneratedSecret
from app.config.identity import IdentitySettings
from app.config.ingress import IngressSettings
from app.config.limits import LimitSettings
from app.config.module_settings import M, ModuleSettings, said_twice
from app.config.observability import ObservabilitySettings
from app.config.production import as_sentence, unfit_for_production
from app.config.secret_files import UnusableSecretFile
from app.config.transport import hosts_of, is_remote
from app.config.url_types import (
    HostNames,
    Mailbox,
    MailServerUrl,
    PublicUrl,
    RedisUrl,
    origin_of,
)

K = TypeVar("K", bound=EnvironmentSettings)
Profile = Literal["development", "test", "production"]

NAME: Final = "Alicerce"
DATABASE_FILE: Final = "alicerce.db"
LEAST_SECONDS_AFTER_DRAIN: Final = 10


class InvalidSettingsError(Exception):
    """The service cannot start: one line for each setting that is missing or wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(["The settings are not valid:", *problems]))


class Settings(
    ObservabilitySettings, IngressSettings, EventSettings, IdentitySettings, LimitSettings
):
    """The settings, from the environment and from `.env`; `.env.example` explains each.

    The settings of modules are stored here too, by their class.
    """

    _of_modules: tuple[ModuleSettings, ...] = PrivateAttr(default=())

    app_env: Profile = Field("development", examples=["production"])
    app_name: str = Field(NAME, min_length=1, max_length=80, examples=["Shop"])
    version: str = Field("0.1.0", min_length=1, max_length=40, examples=["1.0.0"])
    debug: bool = Field(default=False, examples=["false"])

    host: str = Field("127.0.0.1", min_length=1, examples=["0.0.0.0"])  # noqa: S104 - an example, not a bind
    port: int = Field(8000, ge=0, le=MAX_PORT, examples=["8000"])
    web_concurrency: int = Field(1, ge=1, le=64, examples=["2"])
    drain_seconds: float | None = Field(default=None, ge=0, le=600, examples=["5"])
    stop_seconds: float = Field(30.0, ge=10, le=900, examples=["30"])
    data_dir: Path = Field(Path("var"), examples=["/var/lib/alicerce"])

    database_url: DatabaseUrl = Field(examples=["postgresql://user:password@localhost:5432/shop"])
    migration_database_url: DatabaseUrl | None = Field(
        default=None, examples=["postgresql://owner:password@localhost:5432/shop"]
    )
    database_echo: bool = Field(default=False, examples=["false"])
    database_pool_size: int = Field(10, ge=1, le=200, examples=["10"])
    database_timeout_seconds: float = Field(5.0, gt=0, le=60, examples=["5"])
    database_search_timeout_seconds: float = Field(2.0, gt=0, le=60, examples=["2"])

    postgres_tools: Path | None = Field(default=None, examples=["/usr/lib/postgresql/18/bin"])

    redis_url: RedisUrl | None = Field(default=None, examples=["redis://localhost:6379/1"])
    plaintext_hosts: HostNames = Field((), examples=["db.internal, 10.0.0.5"])

    smtp_url: MailServerUrl | None = Field(None, examples=["smtp://user:password@example.com:587"])
    mail_from: Mailbox = Field("no-reply@localhost", examples=["Shop <no-reply@example.com>"])
    public_url: PublicUrl | None = Field(default=None, examples=["https://api.example.com"])

    @model_validator(mode="before")
    @classmethod
    def _supply_what_needs_no_decision(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Outside production, choose a database file and create a signing key if none is set."""
        if values.get("app_env", "development") == "production":
            return values
        data_dir = Path(values.get("data_dir") or "var")
        file = URL.create("sqlite", database=str(data_dir / DATABASE_FILE))
        values.setdefault("database_url", file.render_as_string())
        values.setdefault(
            "jwt_secret_key", GeneratedSecret(data_dir / "secrets" / "jwt_secret_key")
        )
        return values

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.events == "celery" and self.celery_broker_url is None:
            message = (
                "CELERY_BROKER_URL is missing: EVENTS=celery needs it to send deliveries; "
                "for example: CELERY_BROKER_URL=redis://localhost:6379/0"
            )
            raise ValueError(message)
        if not self.all_queues.keys() >= set(self.event_worker_queues):
            message = (
                "EVENT_WORKER_QUEUES: names a queue that has no places; there are "
                f"{', '.join(self.all_queues)}, and EVENT_QUEUES gives places to others; "
                "for example: EVENT_WORKER_QUEUES=default,outside"
            )
            raise ValueError(message)
        if self.metrics_port and not self.metrics_token:
            message = (
                "METRICS_TOKEN is missing: clients of METRICS_PORT must send it; "
                "for example: METRICS_TOKEN=the output of: openssl rand -hex 16"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fit_into_the_stop(self) -> Self:
        if self.seconds_of_drain + LEAST_SECONDS_AFTER_DRAIN > self.stop_seconds:
            message = (
                f"DRAIN_SECONDS: must leave {LEAST_SECONDS_AFTER_DRAIN} seconds of STOP_SECONDS to "
                "finish requests and to close; for example: DRAIN_SECONDS=5 with STOP_SECONDS=30"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fit_to_the_owner(self) -> Self:
        if self.migration_database_url and any(
            url.get_backend_name() == "sqlite" for url in self.databases.values()
        ):
            message = (
                "MIGRATION_DATABASE_URL must be for the same PostgreSQL database as DATABASE_URL; "
                "for example: "
                "MIGRATION_DATABASE_URL=postgresql://owner:password@localhost:5432/shop"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.is_production and (unfit := unfit_for_production(self)):
            raise ValueError("\n  ".join(unfit))
        return self

    def of(self, kind: type[M]) -> M:
        """Return the settings of a module; they are read now if they were not read before."""
        found = (each for each in self._of_modules if isinstance(each, kind))
        return next(found, None) or kind(_env_file=None)

    def with_modules(self, *of_modules: ModuleSettings) -> Self:
        """Return the same settings, with other instances of these modules' settings."""
        kinds = tuple(type(each) for each in of_modules)
        copied = self.model_copy()
        others = (each for each in self._of_modules if not isinstance(each, kinds))
        copied._of_modules = (*others, *of_modules)  # noqa: SLF001 - our own
        return copied

    @cached_property
    def database(self) -> URL:
        """The database's URL, in its one form."""
        return read_database_url(self.database_url.get_secret_value())

    @cached_property
    def owners_database(self) -> URL:
        """The database's URL for migrations: the service need not own its tables."""
        address = self.migration_database_url or self.database_url
        return read_database_url(address.get_secret_value())

    @property
    def has_remote_database(self) -> bool:
        """Whether the database may be on another machine: see `is_remote`."""
        return any(map(is_remote, hosts_of(self.owners_database)))

    @property
    def databases(self) -> dict[str, URL]:
        """Every URL of the database, by the name of its setting."""
        found = {"DATABASE_URL": self.database}
        if self.migration_database_url is not None:
            found["MIGRATION_DATABASE_URL"] = self.owners_database
        return found

    @property
    def effective_log_level(self) -> str:
        """The log level: everything with DEBUG, else LOG_LEVEL."""
        return "DEBUG" if self.debug else self.log_level

    @property
    def short_name(self) -> str:
        """The service's name as a prefix in Redis and in brokers, which several services may share.

        It is ASCII: a worker of Celery receives nothing from a queue of another name.
        """
        folded = unicodedata.normalize("NFKD", self.app_name.lower())
        plain = "".join(each for each in folded if not unicodedata.combining(each))
        if not plain.isascii():
            plain = plain.encode("punycode").decode()
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")

    @property
    def links_begin_with(self) -> str:
        """The URL at which people reach the service, without a slash at its end."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def root_path(self) -> str:
        """The path below which a proxy shows the service, from PUBLIC_URL; usually empty."""
        return urlsplit(self.links_begin_with).path

    @property
    def trusted_origins(self) -> frozenset[bytes]:
        """The origins whose pages may use a browser's cookie: our own, and those of CORS."""
        own = origin_of(self.links_begin_with)
        return frozenset(origin.encode() for origin in (own, *self.cors_origins))

    @property
    def shows_docs(self) -> bool:
        """Whether to serve `/docs` and `/openapi.json`: outside production, unless DOCS is set."""
        return self.docs if self.docs is not None else not self.is_production

    @property
    def seconds_of_drain(self) -> float:
        """How long to go on accepting after a signal: in production 5 seconds, unless it is set."""
        if self.drain_seconds is not None:
            return self.drain_seconds
        return 5.0 if self.is_production else 0.0

    @property
    def is_production(self) -> bool:
        return self.app_env == "production"


def load_settings(modules: Iterable[type[ModuleSettings]] = (), /, **overrides: object) -> Settings:
    """Read and check all settings, including those of the modules.

    Overrides have the names of the variables, in lower case. Raises InvalidSettingsError, which
    names each variable, what is wrong and an example. It never contains the value, which may be a
    secret.
    """
    kinds = list(modules)
    problems = list(said_twice([Settings, *kinds]))
    settings = _read(Settings, overrides, problems)
    of_modules = [found for kind in kinds if (found := _read(kind, overrides, problems))]
    if settings is not None and settings.is_production:
        unfit = (refusal for each in of_modules for refusal in each.unfit_for_production())
        problems += [f"  {as_sentence(refusal)}" for refusal in unfit]
    if settings is None or problems:
        raise InvalidSettingsError(list(dict.fromkeys(problems)))
    return settings.with_modules(*of_modules)


def _read(kind: type[K], overrides: dict[str, Any], problems: list[str]) -> K | None:
    """Return the settings of a class; or None, after adding to the problems."""
    fields = {name.lower(): field for name, field in kind.variables().items()}
    given = {fields[name]: value for name, value in overrides.items() if name in fields}
    if "_env_file" in overrides:
        given["_env_file"] = overrides["_env_file"]
    try:
        return kind(**given)
    except ValidationError as error:
        problems += "\n".join(sentences(kind, error)).splitlines()
    except UnusableSecretFile as error:
        problems += [f"  {problem}" for problem in error.problems]
    except (SettingsError, UnusableEnvFile) as error:
        problems.append(f"  {error}")
    except OSError as error:
        wrong = f"DATA_DIR: {error.filename} can't be used ({error.strerror})"
        problems.append(f"  {wrong}; for example: DATA_DIR=a folder that this user may write to")
    return None
