#!/usr/bin/env bash
# Installs what some tests need where this is root on Debian; elsewhere says what to run: Chromium and a Vietnamese-capable font for
# the browser tests, PostgreSQL with PostGIS for those of the catalogue on a server.
set -euo pipefail
missing=""
want() { # tests, packages
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then missing="$missing $2"
  else echo "$1 tests will be skipped; to enable them: sudo apt-get install $2"; fi
}
command -v chromium >/dev/null 2>&1 || want browser "chromium fonts-noto-core fonts-liberation2"
ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || want PostgreSQL "postgresql postgresql-15-postgis-3"
if [ -n "$missing" ]; then
  # The tests start a server of their own: the package need not.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
fi
