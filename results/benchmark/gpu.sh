#!/usr/bin/env bash
# Measure on one GPU what is not measured yet, within some seconds, and write all of it to one file.
#
#     results/benchmark/gpu.sh FILE [SECONDS]
#
# The parts stand in the order of their worth. Each has a limit of its own. The script says which parts had no time.
# PYTHON is the interpreter (python3), and CNN the convolutional network (cnn7; cnn_small to try the script on a CPU).
set -u
cd "$(dirname "$0")/../.."
export PYTHONPATH=.:tests PYTHONUNBUFFERED=1
python=${PYTHON:-python3} cnn=${CNN:-cnn7} whole=${2:-560}
exec > >(tee "$1") 2>&1

part() { # LIMIT in seconds, then a command after the variables of its environment
    local limit=$1 begin=$SECONDS left=$((whole - SECONDS))
    shift
    echo
    echo "== $*"
    if ((left < 20)); then
        echo "== left out: no time is left"
        return
    fi
    timeout --signal=INT --kill-after=5 $((limit < left ? limit : left)) env "$@"
    echo "== exit code $?, $((SECONDS - begin)) s"
}

epochs() { # LIMIT, the flags of XLA or "", then options of `jnl benchmark`
    local limit=$1 flags=$2
    shift 2
    part "$limit" ${flags:+XLA_FLAGS="$flags"} "$python" -m jnl benchmark --parts epochs "$@"
}

buffers=--xla_gpu_enable_command_buffer
images=$(mktemp --suffix=.npz)
trap 'rm -f "$images"' EXIT
"$python" - "$images" << 'PYTHON'
import sys

import jax
import numpy as np

print(f"jax {jax.__version__}, {jax.devices()[0].device_kind}")
random = np.random.default_rng(0)
images = random.integers(0, 256, (1280, 32, 32, 3), np.uint8)
np.savez(sys.argv[1], inputs=images, labels=np.arange(1280) % 10)
PYTHON

# How fast it is, beside PyTorch and beside the limits of the card.
epochs 150 "" --work "$cnn" --runs 1 --axes map --precisions tf32 bfloat16
part 120 "$python" -m jnl.benchmark.peers.pytorch --work cnn7 mlp --precisions tf32 bfloat16 --modes eager
epochs 60 "" --work mlp --runs 1 32 --axes vmap --precisions tf32
part 60 "$python" -m jnl benchmark --parts limits
# What CUDA graphs of whole epochs bring. They must not be used with `map` and the MLP.
epochs 60 "$buffers=+WHILE" --work mlp --runs 1 32 --axes vmap --precisions tf32
epochs 90 "$buffers=+CONVOLUTION" --work "$cnn" --runs 1 --axes map --precisions bfloat16
epochs 90 "$buffers=+WHILE,+DYNAMIC_SLICE_FUSION,+CONVOLUTION" --work "$cnn" --runs 1 --axes map --precisions bfloat16
epochs 60 "--xla_gpu_graph_enable_concurrent_region=true" --work mlp --runs 1 32 --axes vmap --precisions tf32
# Whether a training that is killed ends with the same bits.
part 90 "$python" results/benchmark/resume.py --config=jocor:model=mlp --config.seeds=8 --config.precision=tf32
part 120 "$python" results/benchmark/resume.py --config=jocor:data=arrays,model="$cnn" --config.data.dir="$images" \
    --config.strategy.forget_rate=0.5 --config.strategy.ramp_epochs=2 --config.seeds=2 --config.precision=bfloat16
# Where the time goes.
part 60 "$python" -m jnl.benchmark.profile --work "$cnn" --precision tf32
part 60 "$python" -m jnl.benchmark.profile --work "$cnn" --precision bfloat16
part 60 "$python" -m jnl.benchmark.profile --work mlp --runs 32 --axis vmap
# Runs side by side.
epochs 200 "" --work "$cnn" --runs 4 8 --axes map vmap --precisions bfloat16 tf32
