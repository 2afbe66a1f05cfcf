#!/usr/bin/env bash
# All that docs/benchmark.md measures on a GPU, in one go; what fails is named
# at the end, and the rest is done. The logs and numbers go to a folder.
#   bash benchmarks/gpu.sh [FOLDER]    default: work_dirs/benchmark/gpu
set -uo pipefail
cd "$(dirname "$0")/.."
out="${1:-work_dirs/benchmark/gpu}"
mkdir -p "$out"
failed=()

# run NAME COMMAND...
run() {
    local name="$1"
    shift
    echo "$name: $*"
    if ! "$@" 2>&1 | tee "$out/$name.log"; then failed+=("$name"); fi
}

# steps BATCH_SIZE ROUNDS OPTIONS...
steps() {
    local size="$1" rounds="$2"
    shift 2
    run "batches_of_$size" python -m benchmarks.training --device cuda \
        --batch-size "$size" --rounds "$rounds" --out "$out/batches_of_$size" \
        --options default "$@"
}

fast=channels_last+fused
steps 32 5 "$fast+compile" "$fast+bf16+cuda_graphs" "$fast+tf32+cuda_graphs"
run tests python -m pytest -q -m 'slow or not slow' \
    tests/test_models/test_algorithm1.py tests/test_engine/test_distributed.py
# Compiled with CUDA graphs, as longer trainings of IPD-FER are on one GPU.
run training python tools/train.py configs/ipdfer_demo.py \
    --work-dir "$out/training" \
    --cfg-options default_hooks.compile.only_if_safe=False
steps 128 3 "$fast+bf16" "$fast+tf32" "$fast+fp16" "$fast+bf16+cuda_graphs"
steps 512 2 "$fast+bf16" "$fast+tf32" "$fast+fp16"

if [ "${#failed[@]}" -gt 0 ]; then
    echo "Failed, see $out: ${failed[*]}" >&2
    exit 1
fi
