"""A contestant in a process of its own."""

import os
import sys
from importlib import import_module
from typing import Final

import uvicorn

from app import cli
from bench.processes import end_with_parent

OURS: Final = "ours"


def main(contestant: str) -> None:
    if contestant == OURS:
        cli.main(["serve"])
        return
    # As the service is served, but without the access log: the others are spared it.
    uvicorn.run(
        import_module(f"bench.http.contestants.{contestant}").create_app(),
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=65,
    )


if __name__ == "__main__":
    end_with_parent()
    main(sys.argv[1])
