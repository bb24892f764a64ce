#!/usr/bin/env bash
# Gives Debian 12 a libstdc++ with GLIBCXX_3.4.32 (GCC 13), which TorchSharp's native library needs: packages libstdc++6 and libc6 of
# Debian 13, pinned so low that nothing else comes from there. Does nothing where the library is new enough. Needs root.
set -euo pipefail
# Reads to the end: a reader that stops at its line can kill ldconfig, and pipefail then ends this script without a word.
library=$(ldconfig -p | awk '/libstdc\+\+\.so\.6 .*x86-64/ && !found {print $NF; found = 1}')
if [ -n "$library" ] && grep -aq GLIBCXX_3.4.32 "$library"; then
    echo "$library: new enough"
    exit 0
fi
. /etc/os-release
if [ "${ID:-}" != debian ] || [ "${VERSION_ID:-}" != 12 ]; then
    echo "expected Debian 12, found ${PRETTY_NAME:-an unknown system}: install a libstdc++ of GCC 13 or newer by its own means" >&2
    exit 1
fi
cat >/etc/apt/sources.list.d/trixie-libstdcxx.sources <<'SOURCES'
Types: deb
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
cat >/etc/apt/preferences.d/trixie-libstdcxx <<'PIN'
Package: *
Pin: release n=trixie
Pin-Priority: 100
PIN
apt-get -o DPkg::Lock::Timeout=300 update -q
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends -t trixie libstdc++6 libc6
