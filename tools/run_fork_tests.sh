#!/usr/bin/env bash
# Make an environment with OpenMMLab's maintained forks in place of upstream,
# and run the tests of models, registry, configs and training in it. PYTHON
# names the Python to make it with.
#   bash tools/run_fork_tests.sh FOLDER [arguments of pytest]
set -euo pipefail
if [ $# -eq 0 ]; then
    echo "Name a folder for the environment: $0 FOLDER" >&2
    exit 1
fi
folder="$(realpath -m "$1")"
shift
cd "$(dirname "$0")/.."

python="$folder/bin/python"
if [ ! -x "$python" ]; then "${PYTHON:-python3}" -m venv "$folder"; fi
pip() {
    "$python" -m pip --disable-pip-version-check "$@"
}
# As docs/install.md has it; the package itself is found by PYTHONPATH, so that
# the checkout belongs to no environment.
pip install torch torchvision
pip install onedl-mmengine onedl-mmcv onedl-mmpretrain
pip install -r requirements/runtime.txt
pip install pytest hypothesis

PYTHONPATH="$PWD" "$python" - <<'EOF'
from importlib import metadata

installed = {dist.metadata['Name'].lower() for dist in metadata.distributions()}
upstream = installed & {'mmengine', 'mmcv', 'mmcv-lite', 'mmpretrain', 'mmagic'}
if upstream:
    raise SystemExit(f'Upstream lies over the forks: {", ".join(upstream)}.')
EOF
export PYTHONPATH="$PWD" OMP_NUM_THREADS=1
"$python" -m ipdfer_mm.utils.collect_env
exec "$python" -m pytest -p no:cacheprovider tests/test_init.py \
    tests/test_registry.py tests/test_models tests/test_configs.py \
    tests/test_engine tests/test_tools/test_train.py "$@"
