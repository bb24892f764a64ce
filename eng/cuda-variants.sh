#!/usr/bin/env bash
# Former ways of the CUDA engine against new ones on one card (RWKVX_VARIANTS, src/RwkvX.AI.Torch/Variants.cs); to be deleted with what loses.
# Run from a checkout, with a pack of eng/pack-cuda-tests.sh:  eng/cuda-variants.sh PACK.tar.xz [SECONDS]
# Correctness first, then one benchmark a variant while there is time; a table last. Logs go to cuda-variants.tar.gz in the folder that OUT names.
set -uo pipefail
pack=$(realpath "$1") budget=${2:-270}
cd "$(dirname "$0")/.."
out=$(realpath "${OUT:-.}")
mkdir -p artifacts
work=$(mktemp -d "$PWD/artifacts/cuda.XXXXXX")
logs="$work/cuda-variants"
mkdir "$logs"
trap 'tar -C "$work" -czf "$out/cuda-variants.tar.gz" cuda-variants; rm -rf "$work"' EXIT
tar -C "$work" -xJf "$pack" || exit 1
tests="$work/cuda-tests/RwkvX.AI.Torch.Tests" rwkvx="$work/cuda-tests/rwkvx"
export DOTNET_gcServer=0 DOTNET_TieredPGO=0
if [ -z "${RWKVX_LIBTORCH:-}" ]; then
    found=$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null) && export RWKVX_LIBTORCH="$found/lib"
fi
left() { echo $((budget - SECONDS)); }
all=ahead-value=8,ahead-wkv=8,ahead-choose=13

run_tests() {
    local name=$1 variants=$2; shift 2
    RWKVX_VARIANTS=$variants timeout 110 "$tests" "$@" >"$logs/tests-$name.log" 2>&1
    echo "tests $name [$variants]: exit $?, $(grep -aoE 'Total: .*' "$logs/tests-$name.log" | tail -n 1)" >"$logs/tests-$name.txt"
}
run_tests golden "" -class "*.GoldenTests" &
run_tests rows "" -class "*GatherTests" -class "*StateTests" -class "*DropTests" -class "*FullAttentionTests" &
run_tests decode "" -class "*DecodeTests" -class "*BootstrapTests" &
run_tests decode-ahead "$all" -class "*DecodeTests" -class "*BootstrapTests" &
wait
for name in golden rows decode decode-ahead; do
    cat "$logs/tests-$name.txt"
    grep -aE '\[FAIL\]|tolerance|choices differ|Exception' "$logs/tests-$name.log" | grep -av 'at RwkvX' | head -n 12
done
echo "[$SECONDS s] tests done"

bench() {
    local name=$1 variants=$2; shift 2
    [ "$(left)" -gt 12 ] || { echo "$name: no time left"; return; }
    RWKVX_VARIANTS=$variants timeout "$(left)" "$rwkvx" bench --device cuda --batches 1 --json "$logs/$name.json" "$@" >"$logs/$name.log" 2>&1 || tail -n 3 "$logs/$name.log"
    echo "[$SECONDS s] $name"
}
big=(--shape 32x2560+8) plain=(--shape 32x2560+0)
bench 01-new "" "${big[@]}" --contexts 0,4096,32768,131072
bench 02-plain-scan,small-stack plain-scan,small-stack "${big[@]}" --contexts 4096,131072
bench 03-whole-recurrence,slabs whole-recurrence,slabs "${big[@]}" --contexts 4096,131072
bench 04-deep-ring deep-ring "${big[@]}" --contexts 0,4096
bench 05-ahead-value=8 ahead-value=8 "${big[@]}" --contexts 0,4096
bench 06-ahead-wkv=8 ahead-wkv=8 "${big[@]}" --contexts 0,4096
bench 07-ahead-choose=13 ahead-choose=13 "${big[@]}" --contexts 0,4096
bench 08-all-ahead "$all" "${big[@]}" --contexts 0,4096
bench 09-2.9B-new "" "${plain[@]}" --contexts 4096
bench 10-2.9B-all-ahead "$all" "${plain[@]}" --contexts 4096
bench 11-ahead-value=16 ahead-value=16 "${big[@]}" --contexts 0,4096
bench 12-ahead-value=4 ahead-value=4 "${big[@]}" --contexts 0,4096
bench 13-ahead-wkv=16 ahead-wkv=16 "${big[@]}" --contexts 0,4096
bench 14-prefetch-rows=1 prefetch-rows=1 "${big[@]}" --contexts 0,4096
bench 15-prefetch-rows=32 prefetch-rows=32 "${big[@]}" --contexts 0,4096

printf '\n== after %d s\n' "$SECONDS"
cat "$logs"/tests-*.txt
python3 - "$logs" <<'TABLE'
import glob, json, os, sys
runs = []
for path in sorted(glob.glob(sys.argv[1] + "/*.json")):
    try: runs.append((os.path.basename(path)[:-5], json.load(open(path))))
    except ValueError: print(path, "is not whole")
print(f"{'run':34}{'prefill 4K':>11}{'32K':>8}{'128K':>8}{'step 0':>9}{'4K':>8}{'x floor':>14}{'copy':>6}{'GB':>8}{'beyond':>8}")
for name, f in runs:
    prefill = {p["tokens"]: p["tokens_per_second"] for p in f["prefill"]}
    step = {d["context"]: d["step_seconds"] for d in f["decode"]}
    ms = lambda c: f"{step[c] * 1e3:.3f}" if c in step else ""
    speed = lambda t: f"{prefill[t]:.0f}" if t in prefill else ""
    floors = " ".join(f"{step[c] / f['floor_seconds']:.3f}" for c in (0, 4096) if c in step)
    print(f"{name:34}{speed(4096):>11}{speed(32768):>8}{speed(131072):>8}{ms(0):>9}{ms(4096):>8}{floors:>14}{f['copy_bandwidth'] / 1e12:6.2f}{f['peak_bytes'] / 1e9:8.3f}{f['peak_bytes_beyond'] / 1e9:8.3f}")
for name, f in runs[:3]:
    print(f"-- device memory, {name}")
    for kind in f["peak_memory"]: print(f"   {kind['bytes'] / 1e9:8.3f} GB {kind['what']}")
TABLE
