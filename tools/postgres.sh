#!/bin/sh
# Installs Debian's PostgreSQL server, over which the tests of the ledger run too.
# Says in one line what it does, or what is to be done; the tests then say the rest.
set -eu

for server in /usr/lib/postgresql/*/bin/postgres; do
    if [ -x "$server" ]; then
        exit 0
    fi
done
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
    echo "postgres: there is none, and it cannot be installed here: as root, apt-get install postgresql" >&2
    exit 0
fi
echo "postgres: installing postgresql"
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    postgresql; } >/dev/null 2>&1 ||
    echo "postgres: could not be installed: is the Debian package registry within reach?" >&2
