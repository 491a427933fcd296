#!/usr/bin/env bash
# Make .venv with the pinned Python packages, and node_modules with KaTeX and axe-core. Each is made
# again only when its list of versions has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "$*" >&2; exit 1; }

python=$(command -v python3.11 || command -v python3) ||
  fail "Python is missing: install 3.11 (Debian, Ubuntu: apt-get install python3 python3-venv)."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in
  3.11) ;;
  3.12 | 3.13) echo "Using Python $version. The book is tested with Python 3.11." ;;
  *) fail "Python $version is not supported: install Python 3.11 (3.12 and 3.13 should do)." ;;
esac

# stamp FILE...: a name that changes with the content of the files.
stamp() { echo ".made-from-$(cat "$@" | sha256sum | cut -c1-16)"; }

made=.venv/$(stamp requirements.txt)
if [[ ! -e $made ]]; then
  if [[ ! -x .venv/bin/pip ]] || ! .venv/bin/python -c "" 2>/dev/null; then
    echo "Making .venv with Python $version."
    # Debian keeps the part of Python that this needs in a package of its own.
    "$python" -m venv --clear .venv >/dev/null 2>&1 ||
      { tools/system_packages.sh venv && "$python" -m venv --clear .venv; } ||
      exit 1
  fi
  echo "Installing the pinned Python packages into .venv (a few minutes, 2 GB)."
  .venv/bin/pip install -qq --disable-pip-version-check --progress-bar off \
    -r requirements.txt || fail "The Python packages could not be installed: see above."
  rm -f .venv/.made-from-*
  touch "$made"
fi

made=node_modules/$(stamp package-lock.json)
if [[ ! -e $made ]]; then
  echo "Installing KaTeX and axe-core into node_modules."
  .venv/bin/npm ci --silent --no-audit --no-fund --ignore-scripts ||
    fail "The npm packages could not be installed: see above."
  touch "$made"
fi
