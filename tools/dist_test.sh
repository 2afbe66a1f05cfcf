#!/usr/bin/env bash
# Test on several GPUs of one or more machines; without CUDA, on CPUs.
#   bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [flags of tools/test.py]
# On more than one machine set NNODES, NODE_RANK, MASTER_ADDR and PORT.
set -euo pipefail

USAGE="usage: bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [flags]"
CONFIG=${1:?$USAGE}
CHECKPOINT=${2:?$USAGE}
GPUS=${3:?$USAGE}
TOOLS=$(cd "$(dirname "$0")" && pwd)

PYTHONPATH="$TOOLS/..:${PYTHONPATH:-}" exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$GPUS" \
    "$TOOLS/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch "${@:4}"
