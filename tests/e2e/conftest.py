"""The whole service, answering requests, on each database."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from pydantic import SecretStr

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.http.service import Service
from app.main import create_app
from app.modules.user.domain.entities import Role
from tests.modules.note.container import ContainerWithNotes
from tests.support import accounts
from tests.support.accounts import an_account
from tests.support.jobs import Jobs
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD, Person
from tests.support.published import Published, published_from_now_on
from tests.support.scenario import Drain, Scenario

SignUp = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(
        _env_file=None,
        app_env="development",  # accounts are verified at once
        database_url=SecretStr(database_url),
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
        data_dir=tmp_path_factory.mktemp("data"),
        # Tests deliver with `drain`. The service's own engine would stop whenever the tests' event
        # loop does, perhaps inside a transaction.
        events="worker",
        log_level="ERROR",
        database_timeout_seconds=60,  # a busy disk is no failure of the service
        rate_limits=False,  # tests of these have their own service
    )
    # Weaker than settings allow, because hundreds of users register and sign in.
    return settings.model_copy(update={"password_memory_kib": 16, "password_passes": 2})


@pytest.fixture(scope="session")
async def service(settings: Settings) -> AsyncIterator[Service]:
    """The running application with the module of the tests, built once for each database."""
    app = create_app(settings, ContainerWithNotes)
    async with app.router.lifespan_context(app):
        await app.state.container.admission().close()  # a busy machine is no overload
        yield app


@pytest.fixture
async def client(service: Service, clean_database: None) -> AsyncIterator[httpx2.AsyncClient]:
    """An anonymous client, and an empty database."""
    transport = httpx2.ASGITransport(app=service)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def published(service: Service, clean_database: None) -> Published:
    """The events published since the beginning of the test: `await published.of(UserDeleted)`."""
    return await published_from_now_on(service.state.container)


@pytest.fixture
def drain(service: Service) -> Drain:
    """Delivers everything that is due: `await drain()`."""
    return Drain(service.state.container)


@pytest.fixture
def jobs(service: Service, drain: Drain) -> Jobs:
    """What is enqueued, and time for it: `await jobs.drain(until=timedelta(hours=1))`."""
    return Jobs(service.state.container, drain)


@pytest.fixture
def scenario(drain: Drain) -> Scenario:
    """Checks effects: `await scenario.when(something_happens).until(it_is_so)`."""
    return Scenario(drain)


@pytest.fixture
async def mail(settings: Settings, drain: Drain, clean_database: None) -> Mailbox:
    """What is sent from the beginning of the test on: `await mail.to("ana@example.com")`."""
    await drain()
    return Mailbox(settings.data_dir / "mail", drain)


@pytest.fixture
def container(service: Service) -> ApplicationContainer:
    found: ApplicationContainer = service.state.container
    return found


@pytest.fixture(scope="session")
async def password_hash(service: Service) -> str:
    """The hash of the password of all test users."""
    hashed: str = await service.state.container.hasher().hash(PASSWORD)
    return hashed


@pytest.fixture
def sign_up(
    client: httpx2.AsyncClient, container: ApplicationContainer, password_hash: str
) -> SignUp:
    """Create an account by a first name, with roles if given, and a session of it."""

    async def sign_up(name: str, *roles: str) -> Person:
        user = an_account(name, password_hash=password_hash, roles=frozenset(roles or {Role.USER}))
        return await accounts.sign_up(container, client, user)

    return sign_up


@pytest.fixture
async def ana(sign_up: SignUp) -> Person:
    return await sign_up("ana")


@pytest.fixture
async def bruno(sign_up: SignUp) -> Person:
    return await sign_up("bruno")


@pytest.fixture
async def carla(sign_up: SignUp) -> Person:
    return await sign_up("carla")


@pytest.fixture
async def admin(
    client: httpx2.AsyncClient, container: ApplicationContainer, password_hash: str
) -> Person:
    user = an_account("admin", password_hash=password_hash, roles=frozenset(Role))
    return await accounts.sign_up(container, client, user)
