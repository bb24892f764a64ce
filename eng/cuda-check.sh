#!/usr/bin/env bash
# Everything a GPU has to show, in one go on a machine that has one and no .NET SDK: the device tests, the benchmark's table, and the
# sanitizer on a selection where time is left. Run from a checkout, with a pack of eng/pack-cuda-tests.sh:
#   eng/cuda-check.sh PACK.tar.xz [SECONDS]
# The results are printed last; full logs go to cuda-check.tar.gz in the folder that OUT names (the checkout without it).
set -uo pipefail
pack=$(realpath "$1") budget=${2:-255}
cd "$(dirname "$0")/.."
out=$(realpath "${OUT:-.}")
mkdir -p artifacts # inside the checkout: the tests find their fixtures from there
work=$(mktemp -d "$PWD/artifacts/cuda.XXXXXX")
logs="$work/cuda-check"
mkdir "$logs"
trap 'tar -C "$work" -czf "$out/cuda-check.tar.gz" cuda-check; rm -rf "$work"' EXIT
tar -C "$work" -xJf "$pack" || exit 1
tests="$work/cuda-tests/RwkvX.AI.Torch.Tests" training="$work/cuda-tests/RwkvX.AI.Training.Tests" rwkvx="$work/cuda-tests/rwkvx"
export DOTNET_gcServer=0 DOTNET_TieredPGO=0
if [ -z "${RWKVX_LIBTORCH:-}" ]; then
    found=$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null) && export RWKVX_LIBTORCH="$found/lib"
fi
left() { echo $((budget - SECONDS)); }
summary=()
note() { summary+=("$1"); echo "[$SECONDS s] $1"; }

# Tests in five processes: most of their time is compiling kernels and starting.
run_tests() {
    local name=$1 program=$2; shift 2
    timeout 120 "$program" "$@" >"$logs/tests-$name.log" 2>&1
    echo "tests $name: exit $?, $(grep -aoE 'Total: .*' "$logs/tests-$name.log" | tail -n 1)" >"$work/tests-$name"
}
nvidia-smi --query-gpu=name,driver_version,memory.used --format=csv,noheader 2>&1 | tee "$logs/gpu.txt"
run_tests new "$tests" -class "*SampleTests" -class "*GatherTests" -class "*StateTests" -class "*DropTests" -class "*MemoryTierTests" &
run_tests training "$training" -method "*OnDevice*" &
run_tests decode "$tests" -class "*DecodeTests" -class "*BootstrapTests" -class "*EngineOptionsTests" -class "*KernelCompileTests" &
run_tests golden "$tests" -class "*.GoldenTests" &
run_tests eight "$tests" -class "*EightBit*" &
wait
for name in new decode golden eight training; do
    note "$(cat "$work/tests-$name" 2>/dev/null || echo "tests $name: not finished")"
    grep -aE '\[FAIL\]|tolerance|choices differ|Exception' "$logs/tests-$name.log" | grep -av 'at RwkvX' | head -n 12
done

# One benchmark after the other, each within what is left.
bench() {
    local name=$1; shift
    [ "$(left)" -gt 12 ] || { note "bench $name: no time left"; return; }
    timeout "$(left)" "$rwkvx" bench --device cuda --json "$logs/bench-$name.json" "$@" >"$logs/bench-$name.log" 2>&1
    note "bench $name: exit $?"
}
bench 0.22B --shape 12x768+4 --contexts 64,8192,1048576 --batches 1
bench 2.9B --shape 32x2560+0 --contexts 4096 --batches 1,8,64,256
bench 3.6B --shape 32x2560+8 --contexts 4096,9216,32768,131072,132096,525312 --batches 1
bench 3.6B-int8 --precision int8 --shape 32x2560+8 --contexts 4096 --batches 1,2,4,64
bench 3.6B-fp8 --precision fp8 --shape 32x2560+8 --contexts 4096 --batches 1,4
bench 0.22B-int8 --precision int8 --shape 12x768+4 --contexts 64,8192 --batches 1
bench 0.22B-again --shape 12x768+4 --contexts 64 --batches 1
[ "$(left)" -gt 12 ] && timeout "$(left)" "$rwkvx" train bench --device cuda --shape 9x256+3 --moba-chunk-size 32 --moba-topk 16 --length 4096 --batch 12 >"$logs/bench-training.log" 2>&1
if [ "$(left)" -gt 25 ] && command -v compute-sanitizer >/dev/null; then
    timeout "$(left)" compute-sanitizer --target-processes all --tool memcheck --error-exitcode 9 "$tests" -class "*SampleTests" >"$logs/memcheck.log" 2>&1
    note "memcheck of SampleTests: exit $? (124: no time left), $(grep -aoE 'ERROR SUMMARY.*' "$logs/memcheck.log" | tail -n 1)"
fi
if [ "$(left)" -gt 25 ] && command -v compute-sanitizer >/dev/null; then
    timeout "$(left)" compute-sanitizer --target-processes all --tool racecheck --error-exitcode 9 "$tests" -method "*Run_LogitsThatCannotBe*" -method "*GoldenWithinTolerance*" >"$logs/racecheck.log" 2>&1
    note "racecheck: exit $? (124: no time left), $(grep -aoE 'RACECHECK SUMMARY.*' "$logs/racecheck.log" | tail -n 1)"
fi
printf '\n== results after %d s\n' "$SECONDS"
for log in "$logs"/bench-*.log; do
    echo "-- $(basename "$log" .log)"
    cat "$log"
done
printf '%s\n' "${summary[@]}"
