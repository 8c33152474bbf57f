#!/bin/sh
# Start the API. MIGRATE_ON_START=true migrates first, for platforms that run one command only;
# with several replicas, run scripts/migrate.sh once before them instead.
set -eu
cd "$(dirname "$0")/.."
if [ -x .venv/bin/python ]; then PATH="$PWD/.venv/bin:$PATH"; fi
if [ "${MIGRATE_ON_START:-false}" = "true" ]; then python -m app migrate; fi
exec python -m app serve "$@"
