# Sourced by binder/lab and binder/test: puts on the machine what vmnb needs, once.
# Needs Debian 12 or Ubuntu 24.04, or newer; apt-get is run as root or by sudo.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV="$PWD/.venv"

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

# need PACKAGE... installs those that are missing.
need() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || {
    say "This machine has no apt-get; install by hand what these stand for: ${missing[*]}"
    exit 1
  }
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  say "Installing ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# install EXTRA makes .venv, or brings it up to date, with that extra of the package.
install() {
  local extra=$1 wanted
  wanted=$(find pyproject.toml hatch_build.py vmnb/notebook/frontend/src -type f -print0 |
    sort -z | xargs -0 cat | sha256sum)
  [ "$(cat "$VENV/.$extra" 2>/dev/null)" != "$wanted" ] || return 0
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "vmnb needs Python 3.11 or newer; $(command -v python3) is $(python3 --version)"
    exit 1
  }
  say "Making $VENV"
  [ -x "$VENV/bin/pip" ] || python3 -m venv --clear "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --editable ".[$extra]"
  echo "$wanted" >"$VENV/.$extra"
}
