#!/usr/bin/env bash
# Set up and run the tests, a process on each core. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup.sh tests
OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n auto --dist loadfile "$@"
