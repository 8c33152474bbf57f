#!/bin/sh
# Install pinned libraries in an environment: scripts/install.sh .venv [--compile] -r requirements.txt ...
#
# uv takes seconds where pip takes minutes. If there is no uv, pip installs the pinned one first.
# uv reads no settings of pip, so it gets pip's index from here. As pip does, it trusts the
# certificates of the system, to which companies add their own. If uv can't install, pip does.
set -eu
cd "$(dirname "$0")/.."
environment=$1
python=$environment/bin/python
shift
# --no-deps: the list is complete, and an older pip that resolves all the same trips over
# coverage[toml], whose pin is spelled `coverage`, as soon as a newer release of it is out.
set -- --quiet --require-hashes --no-deps "$@"

pip() { "$python" -m pip --disable-pip-version-check "$@"; }
runs() { "$1" --version >/dev/null 2>&1; }

uv=uv
runs "$uv" || uv=$environment/bin/uv
runs "$uv" || sed -n '/^uv==/,/^ *#/p' requirements-dev.txt |
  pip install --quiet --require-hashes --no-deps -r /dev/stdin || true

index=$(pip config list | sed -n "s/.*[.]index-url='\(.*\)'/\1/p" | head -n 1)
if runs "$uv"; then
  export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}" UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
  "$uv" pip install --python "$python" "$@" && exit
  echo "uv could not install them, so pip does: that takes some minutes." >&2
fi
pip install "$@"
