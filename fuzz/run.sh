#!/usr/bin/env bash
# Runs every fuzzer for its share of so many executions, 10 million unless told otherwise, one at a time: fuzz/run.sh [EXECUTIONS [TARGET…]]
#
# What is done is kept in fuzz/done and not done again: one that was interrupted goes on with the slice it was in, one with a larger number
# with what is missing; without the folder all begin anew. The table at the end has executions, seconds and findings of each; the findings' inputs are
# in fuzz/artifacts. Status 1: there are some.
#
# Needs cargo-fuzz and a nightly compiler. Sanitizers would find nothing that is not found without: the crates have no unsafe code of their own.
set -euo pipefail
cd "$(dirname "$0")"
total=${1:-10000000}
shift || true

# Thousandths: what is read in microseconds gets more of them than what takes a model, a picture or a job to be made. A reader of CSV is slow
# to make, instrumented.
shares=(
    npy=220 names=200 npz=150 parquet=100 manifest=70 checkpoint=60 metrics=60 model=30 config=25 safetensors=25
    audit=15 csv=15 idx=10 pth=8 pictures=5 arrays=4 cifar=2 part=1
)
slices=10
limits=(-timeout=1 -rss_limit_mb=2048 -malloc_limit_mb=1024 -print_final_stats=1 -verbosity=0)

cargo +nightly fuzz build -s none --debug-assertions
binaries=${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu/release
place=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)" fokker-fuzz.XXXXXX)
trap 'rm -rf "$place"' EXIT
export TMPDIR=$place
mkdir -p done

count() { awk '{ n += $1 } END { printf "%d", n }' "done/$1"; }
slice() { # TARGET EXECUTIONS
    local target=$1 log=$place/log status=0 start options=()
    start=$(date +%s%N)
    [ -f "dictionaries/$target" ] && options=("-dict=dictionaries/$target")
    mkdir -p "corpus/$target" "artifacts/$target"
    nice -n 10 "$binaries/$target" "corpus/$target" "seeds/$target" -runs="$2" "${limits[@]}" "${options[@]}" \
        "-artifact_prefix=artifacts/$target/" >"$log" 2>&1 || status=$?
    rm -rf "$place"/.tmp*
    if [ "$status" != 0 ]; then
        cp "$log" "artifacts/$target.$(date +%s).log"
        grep -E 'panicked|ERROR: libFuzzer|Test unit written' -A1 "$log" | cut -c1-200 || true
    fi
    # Executions, seconds, findings.
    awk -v seconds="$(($(date +%s%N) - start))" -v found="$((status != 0))" -v asked="$2" '
        /stat::number_of_executed_units/ { n = $2 }
        END { print (n > 0 ? n : (found ? 1 : asked)), seconds / 1e9, found }' "$log" >>"done/$target"
    [ "$status" != 130 ] && [ "$status" != 143 ]
}

for share in "${shares[@]}"; do
    target=${share%=*}
    [ $# = 0 ] || [[ " $* " == *" $target "* ]] || continue
    wanted=$((total * ${share#*=} / 1000)) found=0
    touch "done/$target"
    while left=$((wanted - $(count "$target"))) && [ "$left" -gt 0 ] && [ "$found" -lt 5 ]; do
        size=$((wanted / slices + 1))
        slice "$target" $((left < size ? left : size))
        found=$((found + $(tail -1 "done/$target" | cut -d' ' -f3)))
    done
    echo "$target: $(count "$target") of $wanted"
done

printf '\n%-12s %12s %9s %12s %9s\n' target executions seconds 'a second' findings
for file in done/*; do
    awk -v target="${file#done/}" '{ n += $1; s += $2; f += $3 }
        END { printf "%-12s %12d %9.0f %12.0f %9d\n", target, n, s, (s > 0 ? n / s : 0), f }' "$file"
done
cat done/* | awk '{ n += $1; s += $2; f += $3 } END { printf "%-12s %12d %9.0f %12.0f %9d\n", "all", n, s, (s > 0 ? n / s : 0), f; exit (f > 0) }'
