#!/usr/bin/env bash
# The comparisons behind the tables of the documents, one after another, into a folder (default: tables), then the tables. What an
# earlier call left there is gone on with. FOKKER: the program. MNIST: a folder with the data, without which images are left out.
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
    "$fokker" compare "$@" -o "$out/$name" --json "$out/$name.json"
}

equal_time=(--arm DSM without=loss.fp --arm FP --arm "DSM, FP's time" without=loss.fp as-long-as=FP)

# Seeds from 10 on: nothing was tuned on them.
for preset in ring8 moons checkerboard spirals mixture5d; do
    study "$preset" --preset "$preset" --seeds 10 --set seed=10 "${equal_time[@]}"
done
for rows in 300 2000; do
    study "ring8-$rows" --preset ring8 --seeds 3 --set seed=10 --set "data={ kind = \"finite\", rows = $rows, of = { kind = \"ring\" } }" "${equal_time[@]}"
    study "moons-$rows" --preset moons --seeds 3 --set seed=10 --set "data={ kind = \"finite\", rows = $rows, of = { kind = \"moons\" } }" "${equal_time[@]}"
done
study mueller-brown --preset mueller-brown --seeds 5
study ring8-energy --preset ring8-energy --seeds 3 --set seed=1
study moons-energy --preset moons-energy --seeds 3 --set seed=1
if [[ -n "${MNIST:-}" ]]; then
    study mnist-unet-tiny --preset mnist-unet-tiny --data "$MNIST" --seeds 3 --set seed=10 "${equal_time[@]}"
fi

python3 "$here/tables.py" "$out"
