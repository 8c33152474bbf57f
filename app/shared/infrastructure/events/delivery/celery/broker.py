"""The broker between relay and workers: what Celery is told, and why."""

import ssl
from typing import Any, Final

from celery import Celery

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


def create_celery(url: str, *, name: str, visibility_timeout: float) -> Celery:
    """Return a Celery application; it does not talk to the broker before it is used.

    `name` keeps apart what shares the broker. Redis does not see that a worker is gone: what that
    had taken comes again after `visibility_timeout` seconds.
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
    _add_urgent_queue(celery)
    return celery


def urgent_queue(celery: Celery) -> str:
    """Return the name of the queue for what does not wait behind all that is in the other one.

    Workers receive from the two in turn.
    """
    return f"{celery.conf.task_default_queue}.urgent"


def _add_urgent_queue(celery: Celery) -> None:
    usual, name = celery.conf.task_default_queue, urgent_queue(celery)
    celery.amqp.queues.select_add(
        name,
        exchange=usual,
        exchange_type="direct",
        routing_key=name,
        queue_arguments=celery.amqp.queues[usual].queue_arguments,
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
