#!/usr/bin/env bash
# Train on several GPUs of one or more machines; without CUDA, on CPUs.
#   bash tools/dist_train.sh CONFIG GPUS [flags of tools/train.py]
# On more than one machine set NNODES, NODE_RANK, MASTER_ADDR and PORT.
set -euo pipefail

USAGE="usage: bash tools/dist_train.sh CONFIG GPUS [flags]"
CONFIG=${1:?$USAGE}
GPUS=${2:?$USAGE}
TOOLS=$(cd "$(dirname "$0")" && pwd)

PYTHONPATH="$TOOLS/..:${PYTHONPATH:-}" exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$GPUS" \
    "$TOOLS/train.py" "$CONFIG" --launcher pytorch "${@:3}"
