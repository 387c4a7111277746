#!/bin/sh
# Installs Debian's Chromium and fonts for Japanese and Korean, which the page's tests look through.
# Says in one line what it does, or what is to be done; the tests then say the rest.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
    echo "browser: there is none, and it cannot be installed here: as root, apt-get install chromium fonts-noto-cjk" >&2
    exit 0
fi
echo "browser: installing chromium and fonts-noto-cjk"
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    chromium fonts-noto-cjk; } >/dev/null 2>&1 ||
    echo "browser: could not be installed: is the Debian package registry within reach?" >&2
