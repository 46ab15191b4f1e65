#!/usr/bin/env bash
# The comparisons behind the tables of the documents, one after another, into a folder (default: tables), then the tables. What an
# earlier call left there is gone on with. Arms have equal time by their numbers of steps, so that they are the same on every machine; the
# tables have the seconds. FOKKER: the program. THREADS: of each model, for two calls beside each other. MNIST: a folder with the data, without which images are left out.
#
#     bench/tables.sh [FOLDER [NAME...]]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
fokker="${FOKKER:-$here/../target/release/fokker}"
out="${1:-tables}"
wanted=" ${*:2} "
mkdir -p "$out"

# A comparison by name, unless others were asked for or it is there.
study() {
    local name="$1"
    shift
    if [[ "$wanted" != "  " && "$wanted" != *" $name "* ]] || [[ -f "$out/$name.json" ]]; then return; fi
    "$fokker" compare "$@" ${THREADS:+--set "train.threads=$THREADS"} -o "$out/$name" --json "$out/$name.json"
}

sets="ring8 moons checkerboard spirals mixture5d"

# Presets, now and before: DSM and FP in DSM's time, and what the preset's DSM was, in the same time. Seeds from 10 on: nothing was tuned
# on them.
short=(--set audit.bound_points=50 --set audit.gap_samples=200)
before=(score.parameterisation=noise train.learning_rate=1e-3 train.batch=512 loss.reference_batch=0 train.steps=12000)
for set in $sets; do
    study "$set" --preset "$set" --seeds 10 --set seed=10 "${short[@]}" \
        --arm DSM without=loss.fp --arm FP loss.fp.weight=3e-5 steps-times=0.61 --arm "DSM, before" without=loss.fp "${before[@]}"
done

# Ways to use the term, and its rivals, in DSM's time, on the seeds that the presets were tuned on.
fp=(loss.fp.weight=3e-5 steps-times=0.61)
ways=(
    --arm DSM without=loss.fp
    --arm "FP 3e-5" "${fp[@]}"
    --arm "FP 3e-4" loss.fp.weight=3e-4 steps-times=0.61
    --arm "FP, relative" loss.fp.weight=1e-3 loss.fp.relative=true loss.fp.time_weight=constant steps-times=0.61
    --arm "FP, scale of the SDE" loss.fp.weight=3e-4 loss.fp.time_weight=sigma4 steps-times=0.61
    --arm "FP, annealed" "${fp[@]}" loss.fp.warmup=5000
    --arm "FP, in the end" loss.fp.weight=3e-4 loss.fp.begin=6400 steps-times=0.89
    --arm "FP, small t" loss.fp.weight=3e-4 loss.fp.t_max=0.1 steps-times=0.61
    --arm "FP, a tenth of the batch" loss.fp.weight=3e-5 loss.fp.batch_fraction=0.1 steps-times=0.95
    --arm "FP, balanced" loss.fp.weight=0.03 loss.combination=balanced steps-times=0.6
    --arm "FP, projected" "${fp[@]}" loss.combination=projected steps-times=0.6
    --arm "second order" without=loss.fp "loss.second_order={ weight = 0.02, every = 4 }" steps-times=0.88
    --arm "conservativity" without=loss.fp "loss.conservativity={ weight = 0.1, time_weight = \"sigma4\", every = 4 }" steps-times=0.88
    --arm "consistency" without=loss.fp "loss.consistency={ weight = 1.0, every = 4 }" steps-times=0.95
    --arm "weight decay" without=loss.fp train.adam.weight_decay=1e-3
    --arm "dropout" without=loss.fp network.dropout=0.02 steps-times=0.85
)
for set in moons checkerboard mixture5d; do
    study "ways-$set" --preset "$set" --seeds 3 --set seed=0 --set train.steps=9000 "${short[@]}" "${ways[@]}"
done

# Few data, which a network learns by heart: the term, the cheap regularisers, and fewer steps.
few=(
    --arm DSM without=loss.fp
    --arm "DSM, a quarter of the steps" without=loss.fp steps-times=0.25
    --arm "FP 3e-4" loss.fp.weight=3e-4 steps-times=0.61
    --arm "dropout" without=loss.fp network.dropout=0.1 steps-times=0.85
    --arm "weight decay" without=loss.fp train.adam.weight_decay=1e-2
)
for set in ring8:ring:300 moons:moons:300 checkerboard:checkerboard:300 ring8:ring:2000 moons:moons:2000; do
    IFS=: read -r preset kind rows <<< "$set"
    study "$preset-$rows" --preset "$preset" --seeds 5 --set seed=20 --set train.steps=9000 "${short[@]}" \
        --set "data={ kind = \"finite\", rows = $rows, of = { kind = \"$kind\" } }" "${few[@]}"
done

# Energy models: the log-density form against DSM in the same time, and both without averaged targets.
energy=(--arm DSM without=loss.fp steps-times=1.3 --arm FP)
without=(--arm "DSM, before" without=loss.fp loss.reference_batch=0 steps-times=1.4)
study ring8-energy --preset ring8-energy --seeds 10 --set seed=10 --set train.steps=10000 "${short[@]}" "${energy[@]}" "${without[@]}"
study moons-energy --preset moons-energy --seeds 10 --set seed=10 --set train.steps=8000 "${short[@]}" "${energy[@]}" "${without[@]}"
study double-well --preset double-well --seeds 10 --set seed=10 --set train.steps=6000 "${short[@]}" "${energy[@]}" "${without[@]}"
study two-wells --preset double-well --seeds 3 --set seed=10 --set train.steps=6000 \
    --set 'data={ kind = "potential", potential = "gaussian-mixture", sampling = "exact", frames = 100000 }' "${energy[@]}"
study mueller-brown --preset mueller-brown --seeds 10 --set seed=10 "${short[@]}" "${energy[@]}" "${without[@]}" \
    --arm "FP, before" loss.reference_batch=0

if [[ -n "${MNIST:-}" ]]; then
    study mnist-unet-tiny --preset mnist-unet-tiny --data "$MNIST" --seeds 3 --set seed=10 "${short[@]}" \
        --arm FP --arm "DSM, FP's time" without=loss.fp steps-times=2.2
fi

python3 "$here/tables.py" "$out"
