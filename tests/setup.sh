#!/usr/bin/env bash
# Makes sure that the tests find a browser and PostgreSQL. Installs them where it may (as root,
# with apt-get); elsewhere says what is missing, and the tests that need it skip aloud.
set -euo pipefail

packages=()
find_any() { for name in "$@"; do command -v "$name" >/dev/null && return; done; return 1; }

find_any chromium chromium-browser google-chrome-stable google-chrome || packages+=(chromium)
find_any postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
[ ${#packages[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; then
        exit 0
    fi
fi

echo "The tests need ${packages[*]}, which cannot be installed from here." >&2
if [ "${CI:-}" = true ]; then
    exit 1
fi
echo "Install them by hand (apt install ${packages[*]}); until then the tests that need them are skipped." >&2
