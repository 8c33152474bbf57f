"""For the doctor: explains in words why Redis or a broker can't be used, and how to repair it."""

from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.retry import Retry

from app.shared.infrastructure.database.postgres_diagnosis import Trouble
from app.shared.infrastructure.events.delivery.celery.broker import create_celery

SECONDS: Final = 2.0
KEY: Final = "alicerce:doctor"
BROKER: Final = "CELERY_BROKER_URL"
# The codes of AMQP 0-9-1, section 1.8.
_REFUSED: Final = {
    403: Trouble(
        "RabbitMQ refuses the user or the password, or lets the user not into the virtual host",
        f"mend {BROKER}, or: rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'",
    ),
    530: Trouble(
        "RabbitMQ has no such virtual host, or lets the user not into it",
        f"mend the path of {BROKER} (// at its end is the host /), or: rabbitmqctl add_vhost NAME",
    ),
}


def why_no_broker(url: str) -> Trouble | None:
    """Return why the broker that CELERY_BROKER_URL names can't be used, or None."""
    if url.startswith("redis"):
        return why_no_redis(url, setting=BROKER)
    celery = create_celery(url, name="doctor", visibility_timeout=SECONDS)
    with celery.connection_for_write(connect_timeout=SECONDS) as connection:
        try:
            connection.connect()
        except (OSError, *connection.connection_errors, *connection.channel_errors) as error:
            return _REFUSED.get(getattr(error, "code", 0)) or _unreachable(error, BROKER)
    return None


def why_no_redis(url: str, *, setting: str = "REDIS_URL") -> Trouble | None:
    """Return why a Redis can't be used, or None. Only a write can show it."""
    once = Retry(NoBackoff(), 0)
    client = Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS, retry=once)
    try:
        with client:
            client.set(KEY, "", ex=1)
    except (AuthenticationError, NoPermissionError):
        return Trouble(
            "Redis refuses the user or the password, asks for one, or gives too few rights",
            f"mend {setting} (redis://user:password@host:6379/0), or the user's ACL there",
        )
    except ReadOnlyError:
        return Trouble(
            "this Redis is a replica and takes no writes", f"name its primary: {setting}"
        )
    except OutOfMemoryError:
        return Trouble(
            "this Redis is full",
            "raise maxmemory there, or give the service a Redis of its own",
        )
    except (RedisError, OSError) as error:
        return _unreachable(error, setting)
    return None


def _unreachable(error: Exception, setting: str) -> Trouble:
    return Trouble(
        f"it does not answer as it should: {error}",
        f"start it, or mend host, port and scheme (with s at its end: TLS) of {setting}",
    )
