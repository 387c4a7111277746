#!/bin/sh
# Pins every requirement by hash. No index address is written, so the files name no registry.
set -eu
uv=uv
command -v uv >/dev/null 2>&1 || uv=.venv/bin/uv
options="--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet"
# shellcheck disable=SC2086  # the options are words
"$uv" pip compile $options pyproject.toml --group dev -o requirements/dev.txt
# shellcheck disable=SC2086
"$uv" pip compile $options pyproject.toml -o requirements/run.txt
# shellcheck disable=SC2086
echo uv | "$uv" pip compile $options - -o requirements/uv.txt
