#!/usr/bin/env bash
# Set up, render subjects, train IPD-FER and its baseline on them and compare
# the two. Can be stopped and started again. Arguments go to tools/demo.py.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup.sh
.venv/bin/python tools/demo.py "$@"
