#!/usr/bin/env bash
# Run the fast tests with every version of Python that the package promises, each in an environment
# of its own, with the pinned packages. Says which versions cannot be had here, and fails only if
# tests do. PYTHONS="3.12" takes these versions; more arguments are handed to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v .venv/bin/uv || command -v uv)
failed=()

for version in ${PYTHONS:-3.11 3.12 3.13}; do
  # uv looks on the machine first, then tries to fetch this Python.
  if ! "$uv" venv --quiet --clear --python "$version" "_build/pythons/$version" 2>/dev/null; then
    echo "Python $version is not on this machine and cannot be fetched: not tested."
    continue
  fi
  python=_build/pythons/$version/bin/python
  echo "Testing with Python $("$python" -c 'import platform; print(platform.python_version())')."
  "$uv" pip install --quiet --python "$python" -r requirements.txt
  "$python" -m pytest -q -p no:cacheprovider -m "not (slow or book or browser)" "$@" ||
    failed+=("$version")
done

[[ ${#failed[@]} == 0 ]] || { echo "Tests failed with Python ${failed[*]}." >&2; exit 1; }
