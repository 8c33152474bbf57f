"""An attacker in its own process, who sends one expensive body after the other."""

import os
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection

from tests.support.sockets import connected, next_answer
from tests.support.untiring import untiring


def sending(
    port: int, requests: Sequence[bytes], *, connections: int
) -> AbstractContextManager[Counter[int]]:
    """So many connections send the requests while the block runs; then return the answers."""
    return untiring(_send_until_told, port, requests, connections)


def _send_until_told(
    port: int, requests: Sequence[bytes], connections: int, told: Connection
) -> None:
    os.nice(5)  # in another process: its own work must not slow others down
    answers: Counter[int] = Counter()
    is_over = threading.Event()

    def keep_sending(number: int) -> None:
        turn = number
        with connected(port) as connection:
            while not is_over.is_set():
                connection.sendall(requests[turn % len(requests)])
                answers[next_answer(connection)] += 1
                turn += 1

    threads = [threading.Thread(target=keep_sending, args=(each,)) for each in range(connections)]
    for thread in threads:
        thread.start()
    told.send("begun")
    told.recv()
    is_over.set()
    for thread in threads:
        thread.join()
    told.send(answers)
