#!/bin/sh
# Makes .venv with the `trilat` command and every tool in it; run through `make setup`.
# Says in one line what is missing. Paths are relative, so a folder with a space in its name works.
set -eu

missing() { printf 'setup: %s\n' "$1" >&2; exit 1; }

python=${PYTHON:-}
if [ -z "$python" ]; then
    for name in python3.11 python3 python3.12 python3.13; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$name
            break
        fi
    done
fi
[ -n "$python" ] || missing "Python 3.11 or newer is missing: apt-get install python3 python3-venv"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    missing "Python's venv is missing: apt-get install python3-venv"

if [ ! -x .venv/bin/python ]; then
    echo "setup: making .venv"
    "$python" -m venv .venv || missing "could not make .venv: see the lines above"
fi
if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements/uv.txt ||
        missing "uv could not be fetched: is the Python package registry within reach?"
    uv=.venv/bin/uv
fi
echo "setup: installing from hash-pinned requirements"
"$uv" pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r requirements/dev.txt ||
    missing "packages could not be installed: is the Python package registry within reach?"
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e . ||
    missing "the trilat package could not be installed: see the lines above"
# uv keeps what the build said to itself when it went well.
[ -f src/trilat/web/page/index.html ] || printf '%s\n' \
    "setup: page left out: install Node.js 20.19 or newer, then: cd frontend && npm ci && npm run build" >&2
.venv/bin/python tools/compile_kernels.py
mkdir -p .setup
touch .setup/done
