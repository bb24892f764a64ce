#!/usr/bin/env bash
# Installs the distribution's Chromium for the tests of the chat page, where it is missing and this user may install packages.
# Without it those tests skip and say so; nothing is ever downloaded by the tests themselves.
set -euo pipefail
for place in "${RWKVX_CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
  [ -x "$place" ] && { echo "found $place"; exit 0; }
done
command -v apt-get > /dev/null || { echo "expected apt-get, found none: install Chromium by hand"; exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "expected root, found $(id -un): install Chromium by hand (sudo apt-get install chromium)"; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null
chromium --version
