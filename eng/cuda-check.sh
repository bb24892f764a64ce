#!/usr/bin/env bash
# The device tests and the benchmark's table, in one go on a machine that has a GPU and no .NET SDK. Run from a checkout, with a pack of eng/pack-cuda-tests.sh:
#   eng/cuda-check.sh PACK.tar.xz [SECONDS]     TESTS: seconds for the tests (120; those of training's kernels take more than 60 alone); ONLY: names of benchmarks
# The results are printed last; full logs go to cuda-check.tar.gz in the folder that OUT names (the checkout without it). Beside it: eng/cuda-sanitize.sh, eng/cuda-kernels.sh.
set -uo pipefail
budget=${2:-255}
. "$(dirname "$0")/cuda-unpack.sh"
left() { echo $((budget - SECONDS)); }
summary=()
note() { summary+=("$1"); echo "[$SECONDS s] $1"; }

# Tests in six processes: most of their time is compiling kernels and starting.
run_tests() {
    local name=$1 program=$2; shift 2
    timeout "${TESTS:-120}" "$program" "$@" >"$logs/tests-$name.log" 2>&1
    echo "tests $name: exit $?, $(grep -aoE 'Total: .*' "$logs/tests-$name.log" | tail -n 1)" >"$work/tests-$name"
}
nvidia-smi --query-gpu=name,driver_version,memory.used --format=csv,noheader 2>&1 | tee "$logs/gpu.txt"
run_tests new "$tests" -class "*SampleTests" -class "*GatherTests" -class "*StateTests" -class "*DropTests" -class "*MemoryTierTests" -class "*DividedRecurrenceTests" &
run_tests training "$training" -method "*OnDevice*" &
run_tests decode "$tests" -class "*DecodeTests" -class "*EmbeddedModelTests" -class "*BootstrapTests" -class "*EngineOptionsTests" -class "*KernelCompileTests" -class "*KernelCacheTests" &
run_tests golden "$tests" -class "*.GoldenTests" &
run_tests eight "$tests" -class "*EightBit*" &
run_tests shortage "$tests" -class "*MemoryShortageTests" &
wait
for name in new decode golden eight shortage training; do
    note "$(cat "$work/tests-$name" 2>/dev/null || echo "tests $name: not finished")"
    grep -aE '\[FAIL\]|tolerance|choices differ|Exception' "$logs/tests-$name.log" | grep -av 'at RwkvX' | head -n 12
done

# One benchmark after the other, each within what is left; beside it the card's clock, power and temperature ten times a second.
bench() {
    local name=$1 clocks; shift
    [[ -z ${ONLY:-} || " $ONLY " == *" $name "* ]] || return 0
    [ "$(left)" -gt 12 ] || { note "bench $name: no time left"; return; }
    nvidia-smi --query-gpu=clocks.sm,power.draw,temperature.gpu --format=csv,noheader,nounits -lms 100 >"$logs/clocks-$name.csv" 2>/dev/null &
    clocks=$!
    timeout "$(left)" "$rwkvx" bench --device cuda --json "$logs/bench-$name.json" "$@" >"$logs/bench-$name.log" 2>&1
    note "bench $name: exit $?; $(loaded "$clocks" "$logs/clocks-$name.csv")"
}

# Ends the watch; what the clock did while the card drew more than 300 W.
loaded() {
    kill "$1"
    awk -F', *' '$2 > 300 {print $1, $2, $3}' "$2" | sort -n | awk '
        {clock[NR] = $1; if ($2 > watts) watts = $2; if ($3 > degrees) degrees = $3}
        END {if (NR) printf "beyond 300 W: %d to %d MHz, median %d, at most %d W and %d degrees", clock[1], clock[NR], clock[int((NR + 1) / 2)], watts, degrees; else printf "never beyond 300 W"}'
}
bench 0.22B --shape 12x768+4 --contexts 64,8192,1048576 --batches 1
bench 2.9B --shape 32x2560+0 --contexts 4096 --batches 1,8,64,256
bench 2.9B-states-f16 --state f16 --shape 32x2560+0 --contexts 4096 --batches 1,64,256
bench 3.6B --shape 32x2560+8 --contexts 4096,9216,32768,131072,132096,525312 --batches 1
bench 3.6B-batches --shape 32x2560+8 --contexts 4096,32768,131072,1048576 --batches 1,8,64,256
bench 3.6B-int8 --precision int8 --shape 32x2560+8 --contexts 4096 --batches 1,2,4,64
bench 3.6B-fp8 --precision fp8 --shape 32x2560+8 --contexts 4096 --batches 1,4
bench 0.22B-int8 --precision int8 --shape 12x768+4 --contexts 64,8192 --batches 1
bench 0.22B-again --shape 12x768+4 --contexts 64 --batches 1
[ "$(left)" -gt 12 ] && timeout "$(left)" "$rwkvx" train bench --device cuda --shape 9x256+3 --moba-chunk-size 32 --moba-topk 16 --length 4096 --batch 12 >"$logs/bench-training.log" 2>&1
printf '\n== results after %d s\n' "$SECONDS"
for log in "$logs"/bench-*.log; do
    echo "-- $(basename "$log" .log)"
    cat "$log"
done
printf '%s\n' "${summary[@]}"
