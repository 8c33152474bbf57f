"""The broker between relay and workers: what Celery is told, and why."""

import ssl
from collections.abc import Sequence
from typing import Any, Final

from celery import Celery

from app.core.run_limits import DEFAULT_QUEUE

TASK: Final = "events.deliver"
QUORUM: Final = "quorum"

_SETTINGS: Final[dict[str, Any]] = {
    # A message is gone when its work is done; if its process dies before that, it comes again.
    # It is only a hint: what is to be done, and whether it still is, stands in the database.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_ignore_result": True,
    # The sender gives back what it could not send; to try again is the relay's business.
    "task_publish_retry": False,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_create_missing_queues": False,
    "broker_connection_timeout": 4,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # Deliveries need the database, not the broker: they run on while it is away.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_enable_prefetch_count_reduction": False,
    "worker_max_tasks_per_child": 20_000,
    # A child builds the whole service before it is ready.
    "worker_proc_alive_timeout": 30.0,
    # What runs has so long to end when the worker is stopped; the rest is given back untried.
    "worker_soft_shutdown_timeout": 5.0,
    # Nothing but deliveries goes over the broker.
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
}


def create_celery(
    url: str, *, name: str, visibility_timeout: float, queues: Sequence[str] = ()
) -> Celery:
    """Return a Celery application; it does not talk to the broker before it is used.

    `name` keeps apart what shares the broker. Redis does not see that a worker is gone: what that
    had taken comes again after `visibility_timeout` seconds. Each of `queues` has its own on the
    broker, and one more for what is of high priority in it.
    """
    scheme = url.partition(":")[0]
    celery = Celery(name, broker=url, set_as_current=False)
    celery.conf.update(_SETTINGS, task_default_queue=f"{name}.events")
    if scheme.startswith("redis"):
        celery.conf.update(_on_redis(name, visibility_timeout))
    else:
        celery.conf.update(_on_rabbitmq())
    if scheme in _TLS:
        celery.conf.update(broker_use_ssl=_TLS[scheme])
    _add(celery, [name for queue in queues for name in broker_queues(celery, queue)])
    return celery


def broker_queues(celery: Celery, queue: str) -> tuple[str, str]:
    """Return the names of a queue's own on the broker: the usual one, and that of high priority.

    Workers receive from all in turn. So what is urgent does not wait behind all that was sent.
    """
    default = str(celery.conf.task_default_queue)
    usual = default if queue == DEFAULT_QUEUE else f"{default}.{queue}"
    return usual, f"{usual}.high"


def _add(celery: Celery, names: Sequence[str]) -> None:
    default = celery.conf.task_default_queue
    for name in names:
        if name != default:
            celery.amqp.queues.select_add(
                name,
                exchange=default,
                exchange_type="direct",
                routing_key=name,
                queue_arguments=celery.amqp.queues[default].queue_arguments,
            )


def _on_redis(name: str, visibility_timeout: float) -> dict[str, Any]:
    return {
        "broker_transport_options": {
            "global_keyprefix": f"{name}:",
            "visibility_timeout": visibility_timeout,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 5,
            "socket_timeout": 15,
            "socket_keepalive": True,
            "health_check_interval": 10,
        }
    }


def _on_rabbitmq() -> dict[str, Any]:
    return {
        "task_default_queue_type": QUORUM,
        "broker_transport_options": {"confirm_publish": True},
    }


# Left to themselves, both libraries trust any certificate.
_TLS: Final[dict[str, dict[str, Any]]] = {
    "rediss": {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True},
    "amqps": {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None},
}
