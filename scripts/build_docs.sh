#!/bin/sh
# Build the site of the documents: scripts/build_docs.sh [folder]
#
# Zensical wants all pages in one folder that holds nothing else, so it gets a copy. A dead link or
# anchor ends it.
set -eu
cd "$(dirname "$0")/.."
site=${1:-site}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/pages"
cp -R -- *.md LICENSE .env.example docs "$work/pages"
licence=.alicerce/LICENSE # of the base: a project has it, and its README may name it
if [ -f "$licence" ]; then mkdir "$work/pages/.alicerce" && cp "$licence" "$work/pages/.alicerce"; fi
cp zensical.toml "$work"
.venv-docs/bin/zensical build --strict --config-file "$work/zensical.toml"
# Zensical leaves out names that begin with a dot.
cp -R "$work/pages"/.[!.]* "$work/site"
rm -rf "$site"
mv "$work/site" "$site"
