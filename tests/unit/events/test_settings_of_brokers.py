"""The settings of Redis and of Celery's broker."""

import pytest

from app.cli import main
from app.config.settings import InvalidSettingsError, Settings, load_settings
from app.container import ApplicationContainer
from app.shared.infrastructure.events.delivery.celery.executor import CeleryExecutor
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.redis_notifier import RedisNotifier

BROKERS = [
    "redis://127.0.0.1/0",
    "rediss://:canary@redis.example.com:6380/0",
    "amqp://ana:canary@127.0.0.1:5672//",
    "amqps://ana:canary@rabbit.example.com/events",
]


def settings(**values: object) -> Settings:
    return load_settings(_env_file=None, app_env="test", jwt_secret_key="0123456789" * 4, **values)


def problems(**values: object) -> list[str]:
    with pytest.raises(InvalidSettingsError) as error:
        settings(**values)
    return error.value.problems


def test_celery_needs_a_broker() -> None:
    (line,) = problems(events="celery")

    assert "CELERY_BROKER_URL is missing" in line
    assert "for example: CELERY_BROKER_URL=redis://" in line


@pytest.mark.parametrize("broker", BROKERS)
def test_a_broker_is_redis_or_rabbitmq(broker: str) -> None:
    assert settings(events="celery", celery_broker_url=broker).celery_broker_url is not None


@pytest.mark.parametrize("broker", ["kafka://canary", "canary", "redis://", "amqp:///canary"])
def test_any_other_broker_is_refused_without_showing_the_value(broker: str) -> None:
    (line,) = problems(celery_broker_url=broker)

    assert line.strip().startswith("CELERY_BROKER_URL: must be like redis://")
    assert "canary" not in line


@pytest.mark.parametrize("address", ["amqp://127.0.0.1", "http://127.0.0.1", "127.0.0.1:6379"])
def test_the_redis_that_is_shared_is_a_redis(address: str) -> None:
    (line,) = problems(redis_url=address)

    assert line.strip().startswith("REDIS_URL: must be like redis://")


@pytest.mark.parametrize("events", ["embedded", "worker"])
def test_without_celery_deliveries_run_where_they_are_taken(events: str) -> None:
    container = ApplicationContainer.build(settings(events=events, celery_broker_url=BROKERS[0]))

    assert isinstance(container.executor(), LocalExecutor)
    assert type(container.notifier()) is Notifier


@pytest.mark.parametrize("broker", BROKERS)
def test_with_celery_they_are_sent(broker: str) -> None:
    container = ApplicationContainer.build(settings(events="celery", celery_broker_url=broker))

    assert isinstance(container.executor(), CeleryExecutor)


def test_with_redis_processes_notify_each_other() -> None:
    container = ApplicationContainer.build(settings(redis_url="redis://127.0.0.1/1"))

    assert isinstance(container.notifier(), RedisNotifier)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Shop", "shop"),
        (" Café & Sons! ", "cafe-sons"),
        ("Pedidos à vista", "pedidos-a-vista"),
        ("受注サービス", "vcki8e1hx92ocp5a"),
        ("受注 API", "api-4c1gt14k"),
    ],
)
def test_services_are_separated_by_their_names_in_ascii(name: str, short: str) -> None:
    assert settings(app_name=name).short_name == short


def test_the_relay_is_refused_without_celery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTS", "worker")

    with pytest.raises(
        SystemExit, match=r"EVENTS is worker, but only EVENTS=celery needs a relay\."
    ):
        main(["relay"])
