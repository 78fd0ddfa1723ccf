#!/bin/sh
# Install Debian packages that are missing, if root runs it; otherwise print the command. NO_SYSTEM=1
# prints the command for root as well. Never fails: without the packages the server writes files
# only, and the tests that need them are skipped with the reason.
set -u
missing=""
command -v dpkg-query >/dev/null 2>&1 || {
  [ "$(uname)" = Darwin ] || echo "notice: wanted for sound and tests: $* (or their names here)"
  exit 0
}
for package in "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0
install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ] && [ -z "${NO_SYSTEM:-}" ]; then
  echo "as root, apt-get now installs$missing (make NO_SYSTEM=1 … leaves the system alone)"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && $install -qq; } >/dev/null 2>&1 && exit 0
  absent=""
  for package in $missing; do # one that this system does not have must not keep the others away
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || absent="$absent $package"
  done
  [ -n "$absent" ] || exit 0
  echo "notice: could not install$absent; sound or some tests will be missing"
elif [ "$(id -u)" = 0 ]; then
  echo "notice: not installed, as NO_SYSTEM says; for sound and all tests: $install"
else
  echo "notice: for sound and all tests: sudo $install"
fi
exit 0
