"""Load balancers before processes of the service: haproxy and nginx, as they are installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.server import is_answering, wait_until

CHECK_SECONDS: Final = 0.2
"""How often haproxy asks whether a process is ready; after two answers it believes it."""

_HAPROXY: Final = """
global
  maxconn 4000
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 2s
  # It must not need to try another process: it learns in time that one will stop.
  retries 0
frontend all
  bind 127.0.0.1:{port}
  default_backend service
backend service
  option httpchk GET /health/ready
  http-check expect status 200
  default-server check inter {milliseconds}ms fall 2 rise 2
{servers}
"""
_NGINX: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 4000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream service {{
{servers}
    keepalive 32;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
    }}
  }}
}}
"""


# It ends with the test run, however that ends: then the other end of the pipe closes.
_KEPT: Final = ("/bin/sh", "-c", '"$@" & read -r _; kill $!; wait', "sh")


class NoFront(Exception):
    """There is none of the kind; the message says how to get it."""


class Front(NamedTuple):
    """An installed load balancer."""

    kind: str
    program: str
    version: str

    @contextmanager
    def before(self, ports: Sequence[int], folder: Path, port: int) -> Iterator[None]:
        """Pass requests from the port on to these ports while the block runs."""
        write = {"haproxy": self._for_haproxy, "nginx": self._for_nginx}[self.kind]
        config = folder / f"{self.kind}.conf"
        config.write_text(write(ports, folder, port))
        options = ["-db", "-f"] if self.kind == "haproxy" else ["-p", str(folder), "-c"]
        log = folder / f"{self.kind}.log"
        command = [*_KEPT, self.program, *options, str(config)]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - its own arguments
                command, stdin=subprocess.PIPE, stdout=output, stderr=output
            )
        try:
            wait_until(lambda: is_answering(port), lambda: process.poll() is None, log)
            yield
        finally:
            process.communicate()

    @staticmethod
    def _for_haproxy(ports: Sequence[int], _folder: Path, port: int) -> str:
        servers = "\n".join(f"  server p{each} 127.0.0.1:{each}" for each in ports)
        return _HAPROXY.format(port=port, servers=servers, milliseconds=int(1000 * CHECK_SECONDS))

    @staticmethod
    def _for_nginx(ports: Sequence[int], folder: Path, port: int) -> str:
        # It does not ask who is ready, so it must not count failures either: it tries the next.
        servers = "\n".join(f"    server 127.0.0.1:{each} max_fails=0;" for each in ports)
        return _NGINX.format(port=port, servers=servers, folder=folder)


def found(kind: str) -> Front:
    """Return the installed one. Raises NoFront."""
    program = shutil.which(kind, path=f"/usr/sbin:{os.environ.get('PATH', os.defpath)}")
    if program is None:
        package = {"haproxy": "haproxy", "nginx": "nginx-light"}[kind]
        raise NoFront(f"no {kind} on the PATH: apt-get install {package}")
    printed = subprocess.run([program, "-v"], capture_output=True, text=True, check=True)  # noqa: S603
    version = re.search(r"(\d+\.\d+(?:\.\d+)?)", printed.stdout + printed.stderr)
    return Front(kind, program, version[1] if version else "of an unknown version")
