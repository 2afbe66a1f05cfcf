#!/usr/bin/env bash
# Set up and run the tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup.sh tests
.venv/bin/python -m pytest "$@"
