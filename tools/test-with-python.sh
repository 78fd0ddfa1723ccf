#!/bin/sh
# Run the tests with another Python, such as 3.13, in an environment of its own: .venv-3.13. Skipped
# where that Python is not here, or a package has no wheel for it.
set -u
version="$1"
python="$(command -v "python$version")" || { echo "python$version is not here: skipped"; exit 0; }
folder=".venv-$version"
test -x "$folder/bin/python" || "$python" -m venv "$folder" || exit 1
pip="$folder/bin/python -m pip install --quiet --disable-pip-version-check"
$pip --only-binary :all: --dry-run -e '.[dev]' >/dev/null 2>&1 || {
  echo "python$version: a package has no wheel for it: skipped"
  exit 0
}
$pip -e '.[dev]' && exec "$folder/bin/python" -m pytest
