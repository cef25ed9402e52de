#!/usr/bin/env bash
# Installs Chromium and a Vietnamese-capable font for the browser tests where this is root on Debian; elsewhere says what to run.
set -euo pipefail
if command -v chromium >/dev/null 2>&1; then exit 0; fi
packages="chromium fonts-noto-core fonts-liberation2"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null
else
  echo "browser tests will be skipped; to enable them: sudo apt-get install $packages"
fi
