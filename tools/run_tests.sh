#!/usr/bin/env bash
# Set up and run the tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup.sh tests
# shellcheck disable=SC1091
source .venv/bin/activate
python -m pytest "$@"
