#!/bin/sh
# Bring the database up to date: scripts/migrate.sh [options of `python -m app migrate`]
set -eu
cd "$(dirname "$0")/.."
if [ -x .venv/bin/python ]; then PATH="$PWD/.venv/bin:$PATH"; fi
exec python -m app migrate "$@"
