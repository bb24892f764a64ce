#!/usr/bin/env bash
# Gives Debian the library NVRTC (package libnvrtc12 of Debian 13, component non-free), with which the tests compile every CUDA kernel
# although no GPU is there. Pinned so low that nothing else comes from there. Does nothing where the library is. Needs root.
set -euo pipefail
libraries=$(ldconfig -p)
if grep -qE 'libnvrtc\.so\.1[23] ' <<< "$libraries"; then
    echo "NVRTC is there"
    exit 0
fi
cat >/etc/apt/sources.list.d/trixie-nvrtc.sources <<'SOURCES'
Types: deb
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main non-free
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
cat >/etc/apt/preferences.d/trixie-nvrtc <<'PIN'
Package: *
Pin: release n=trixie
Pin-Priority: 100
PIN
apt-get -o DPkg::Lock::Timeout=300 update -q
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends -t trixie libnvrtc12
