"""The command line: `python -m app --help`."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, TypeVar

import orjson
import typer

from app.backup_commands import backups
from app.command_list import command_list
from app.config.database import create_database
from app.config.documentation import write_settings
from app.config.env_file import VARIABLE
from app.config.settings import InvalidSettingsError, Settings, load_settings
from app.container import ApplicationContainer
from app.core.exceptions import AppError, CompositionError, Invalid, Unavailable
from app.core.http import processes
from app.core.http.listeners import UnusableSocket, passed_sockets
from app.core.http.open_files import allow_many
from app.core.http.problems import problem_list
from app.core.http.stopping import ServingConfig
from app.core.logging import configure_logging, prepare_output, release_output
from app.core.ports import PortInUse, address_of, refuse_port_in_use
from app.core.shutdown import SHUTDOWN
from app.database_commands import schema
from app.doctor import examine
from app.event_commands import events
from app.job_commands import jobs
from app.main import create_app
from app.modules.user.application.dto import RolesOfAddress
from app.shared.composition import opened, seeded, settings_of
from app.shared.infrastructure.backup.manifest import BackupFailed
from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.revisions import MigrationFailed
from app.shared.infrastructure.database.sqlite_setup import UnusableFile
from app.shared.infrastructure.events.delivery.engine import EngineEnded
from app.shared.infrastructure.events.outbox.catalogue import write_catalogue
from app.shared.infrastructure.metrics_page import metrics_page
from app.worker import run, run_celery_worker

Result = TypeVar("Result")

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
users = typer.Typer(no_args_is_help=True, help="Accounts, from the inside.")
cli.add_typer(users, name="users")
cli.add_typer(events, name="events")
cli.add_typer(jobs, name="jobs")
cli.add_typer(schema)
cli.add_typer(backups)

FORESEEN: Final = (
    InvalidSettingsError,
    AppError,
    BackupFailed,
    CompositionError,
    MigrationFailed,
    PortInUse,
    EngineEnded,
    UnusableFile,
    UnusableSocket,
)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; an expected error prints a sentence, not a traceback."""
    prepare_output()
    try:
        cli(arguments, obj=_with_container)  # the container that sub-commands use
    except Invalid as error:
        sys.exit("\n".join(f"{each['pointer'][1:]}: {each['detail']}" for each in error.errors))
    except FORESEEN as error:
        sys.exit(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(f"The output could not be written: {error.strerror}.")
    finally:
        release_output()


@cli.callback()
def choose_settings(
    *,
    env_file: Annotated[
        Path | None,
        typer.Option(envvar=VARIABLE, help="Read the settings from this file instead of `.env`."),
    ] = None,
) -> None:
    if env_file is not None:
        os.environ[VARIABLE] = str(env_file.absolute())


@cli.command()
def serve() -> None:
    """Serve the API. In the development profile the database is migrated first."""
    settings = ApplicationContainer.load_settings()
    if settings.app_env == "development":
        upgrade(settings.owners_database)
    passed = passed_sockets()
    if not passed:
        # uvicorn's messages for these errors would not say how to mend them.
        refuse_port_in_use(settings.host, settings.port)
    asyncio.run(create_database(settings).open())
    # Built here too, if other processes will serve, so that a problem is reported once and first.
    app = create_app(settings, ApplicationContainer)
    allow_many()
    if settings.app_env == "development":
        with suppress(OSError):  # the result is not needed
            _greet(settings)
    # uvicorn shuts down and then signals itself again; an end by request is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(SHUTDOWN.exit_code))
    is_alone = settings.web_concurrency == 1
    config = ServingConfig(
        app if is_alone else "app.main:create_app",
        factory=not is_alone,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        drain_seconds=settings.seconds_of_drain,
        stop_seconds=settings.stop_seconds,
        is_passed=bool(passed),
    )
    processes.serve(config, passed)


@cli.command()
def worker(
    queues: Annotated[
        str, typer.Option(help="Run only these queues, such as reports,default.")
    ] = "",
) -> None:
    """Deliver events and run schedules in a separate process."""
    if queues:
        os.environ[Settings.variable("event_worker_queues")] = queues
    settings = ApplicationContainer.load_settings()
    configure_logging(level=settings.effective_log_level, json_lines=settings.is_production)
    if settings.events == "celery":
        sys.exit(run_celery_worker(settings))
    run(ApplicationContainer.build(settings))


@cli.command()
def relay() -> None:
    """Send deliveries to Celery's workers, and run schedules: with EVENTS=celery."""
    settings = ApplicationContainer.load_settings()
    if settings.events != "celery":
        sys.exit(f"EVENTS is {settings.events}, but only EVENTS=celery needs a relay.")
    configure_logging(level=settings.effective_log_level, json_lines=settings.is_production)
    run(ApplicationContainer.build(settings))


@cli.command()
def doctor() -> None:
    """Check settings, port, database, clock, Redis and broker; say how to mend each problem."""
    configure_logging(level="CRITICAL", json_lines=False)  # a finding has the whole message
    sound = True
    for finding in examine():
        typer.echo(str(finding))
        sound = sound and not finding.is_trouble
    if not sound:
        raise typer.Exit(1)


@cli.command()
def openapi(
    *, write: Annotated[bool, typer.Option(help="Write into docs instead of printing.")] = False
) -> None:
    """Print the OpenAPI document, or write all documents that are generated from the code.

    These are the document, the lists of problems, metrics and commands, the event catalogue and the
    settings.
    """
    app = create_app(documented_settings(), ApplicationContainer)
    text = orjson.dumps(app.openapi(), option=orjson.OPT_INDENT_2).decode() + "\n"
    if write:
        Path("docs/api/openapi.json").write_text(text, encoding="utf-8")
        Path("docs/api/problems.md").write_text(problem_list(), encoding="utf-8")
        of_modules = settings_of(ApplicationContainer)
        write_settings(of_modules, Path(".env.example"), Path("docs/deployment/settings.md"))
        Path("docs/operations/commands.md").write_text(command_list(cli), encoding="utf-8")
        Path("docs/operations/metrics.md").write_text(metrics_page(), encoding="utf-8")
        write_catalogue(app.state.container.registry(), Path("docs/architecture"))
    else:
        typer.echo(text, nl=False)


@cli.command(name="seed")
def load_demo_data() -> None:
    """Load demo data of all modules; existing data stays."""
    settings = ApplicationContainer.load_settings()
    if settings.is_production:
        sys.exit("Demo data is not allowed in production; nothing was changed.")
    upgrade(settings.owners_database)

    async def load(container: ApplicationContainer) -> None:
        async for sentence in seeded(container):
            typer.echo(sentence)

    _with_container(load)


@users.command()
def create_admin(email: str) -> None:
    """Create an administrator's account and print its password, once."""
    password = _with_container(lambda container: container.user.create_admin().execute(email))
    typer.echo(f"The password of {email} (it is shown only once): {password}")


@users.command()
def set_roles(
    email: str,
    roles: Annotated[list[str], typer.Argument(help="Roles that modules declare.")],
) -> None:
    """Give an account exactly these roles."""
    request = RolesOfAddress(email=email, roles=roles)
    _with_container(lambda container: container.user.set_roles().execute(request))
    typer.echo(f"{email} has the roles {', '.join(sorted(set(roles)))}.")


@users.command()
def verify(email: str) -> None:
    """Mark the address of an account as verified, so that its owner can sign in."""
    _with_container(lambda container: container.user.verify().execute(email))
    typer.echo(f"{email} is verified.")


@users.command()
def end_sessions(email: str) -> None:
    """End all sessions of an account; the account and its API keys stay."""
    _with_container(lambda container: container.user.end_sessions().execute(email))
    typer.echo(f"All sessions of {email} are ended.")


def documented_settings() -> Settings:
    """Return the default settings: documents must not depend on this machine's settings.

    Modules may leave routes out if a setting is missing; documents show them, so these settings get
    samples.
    """
    unused = {"database_url": "sqlite:///unused.db", "jwt_secret_key": "unused" * 8}
    kinds = settings_of(ApplicationContainer)
    defaults = Settings.defaults() | unused
    for kind in kinds:
        defaults |= kind.defaults() | kind.samples()
    return load_settings(kinds, _env_file=None, **defaults)


def _with_container(work: Callable[[ApplicationContainer], Awaitable[Result]]) -> Result:
    """Do some work of the service outside of a request."""

    async def work_in_container() -> Result:
        settings = ApplicationContainer.load_settings()
        configure_logging(level="WARNING", json_lines=settings.is_production)
        container = ApplicationContainer.build(settings)
        async with opened(container):
            if reason := await container.readiness().why_not():
                raise Unavailable(reason)
            return await work(container)

    return asyncio.run(work_in_container())


def _greet(settings: Settings) -> None:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is shown, not a bind
    host = everywhere.get(settings.host, settings.host)
    address = f"http://{address_of(host, settings.port)}"
    typer.echo(
        f"""
  {settings.app_name} {settings.version} is at {address}

    Read and try the API    {address}/docs
    Check its health        {address}/health/ready
    Load demo data          make seed
    Read more               README.md

  Data is in {settings.data_dir}/. Stop with Ctrl-C.
"""
    )
