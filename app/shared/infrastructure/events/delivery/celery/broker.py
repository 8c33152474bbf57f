"""The broker between relay and workers: how Celery is configured, and why."""

import ssl
from collections.abc import Sequence
from typing import Any, Final

from celery import Celery

from app.core.run_limits import DEFAULT_QUEUE

TASK: Final = "events.deliver"
QUORUM: Final = "quorum"

_SETTINGS: Final[dict[str, Any]] = {
    # The broker deletes a message when its work is done. If the process dies first, the message
    # comes again. It is only a hint: the database records what is still to be done.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_ignore_result": True,
    # The sender returns what it could not send; the relay decides when to try again.
    "task_publish_retry": False,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_create_missing_queues": False,
    "broker_connection_timeout": 4,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # Deliveries need the database, not the broker: they continue while the broker is down.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_enable_prefetch_count_reduction": False,
    "worker_max_tasks_per_child": 20_000,
    # A child builds the whole service before it is ready.
    "worker_proc_alive_timeout": 30.0,
    # When the worker is stopped, running work has this long to end; the rest is returned untried.
    "worker_soft_shutdown_timeout": 5.0,
    # Only deliveries go over the broker.
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
}


def create_celery(
    url: str, *, name: str, visibility_timeout: float, queues: Sequence[str] = ()
) -> Celery:
    """Return a Celery application; it does not connect to the broker before it is used.

    `name` separates the users of one broker. Redis does not notice that a worker is gone: its
    messages come again after `visibility_timeout` seconds. Each of `queues` has its own queue on
    the broker, and one more for high priority.
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
    """Return the names of a queue's two broker queues: the usual one, and that of high priority.

    Workers receive from all queues in turn. So urgent messages do not wait behind all others.
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


# By default, both libraries trust any certificate.
_TLS: Final[dict[str, dict[str, Any]]] = {
    "rediss": {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True},
    "amqps": {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None},
}


def forget_messages(celery: Celery) -> None:
    """Delete everything that waits in the service's queues, or that a worker had received.

    Raises what the broker's client raises.
    """
    with celery.connection_for_write() as connection:
        connection.ensure_connection(max_retries=0)
        channel = connection.default_channel
        for queue in celery.amqp.queues.values():
            here = queue.bind(channel)
            here.declare()
            here.purge()
        if hasattr(channel, "unacked_key"):  # Redis gives those back after a while
            channel.client.delete(channel.unacked_key, channel.unacked_index_key)
