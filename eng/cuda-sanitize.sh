#!/usr/bin/env bash
# compute-sanitizer's memcheck and racecheck over the device tests, small selections in processes side by side, each with a limit of time. Most of a
# process is instrumenting the modules of a model's kernels, so a selection is few tests (a model each) that together run every kernel.
#   eng/cuda-sanitize.sh PACK.tar.xz [SECONDS]      PROCESSES (12), LIMIT (100, seconds a process) and TOOLS ("memcheck racecheck") may be set
# ONLY: names of selections; KERNELS: parts of the names of kernels, others are not looked at; OPTIONS: more of the sanitizer's own.
# Memcheck takes ten seconds for a selection. Racecheck takes minutes where all launches are looked at, so it looks at the first LAUNCHES (400; 0 for all) of each process. Several cards are used in turn.
# Where only some launches are looked at, racecheck breaks off in 16-bit attention over rows ('failed to handle a hardware exception'): LAUNCHES=0, no KERNELS and a LIMIT of minutes there.
# Hazards inside of cuBLAS' own kernels (nvjet) are counted and called so: how those wait for each other the sanitizer does not see.
# Prints a table: tool, selection, what it reports, tests, seconds, ended or cut, the kernels that the selection is there for.
set -uo pipefail
budget=${2:-235}
. "$(dirname "$0")/cuda-unpack.sh"
processes=${PROCESSES:-12} limit=${LIMIT:-100} tools=${TOOLS:-memcheck racecheck} launches=${LAUNCHES:-400} cards=$(nvidia-smi -L | wc -l)
read -ra more <<<"${OPTIONS:-}"
for kernel in ${KERNELS:-}; do more+=(--kernel-name "kns=$kernel"); done
sanitizer=$(command -v compute-sanitizer) || { echo "no compute-sanitizer"; exit 1; }

names=() kernels=()
declare -A patterns
selection() { # NAME KERNELS DISPLAY-NAME...
    [[ -z ${ONLY:-} || " $ONLY " == *" $1 "* ]] || return 0
    names+=("$1")
    kernels+=("$2")
    patterns[$1]=$(printf '%s\n' "${@:3}")
}
golden() { echo "*GoldenTests.Forward_GoldenCase$1(name: \"$2\", schedule: \"$3\")"; }
# The slow ones first.
for batch in 1 2 4; do selection decode-captured-$batch "step_* in a graph at batch $batch" "*Forward_FewCapturedSteps_SameBitsAsEager(batch: $batch)"; done
selection golden-bf16-steps "step_gemv, output, step_wkv, step_value, step_choose, step_attend in a graph" "$(golden BF16_RmsWithinTolerance hybrid-window 1)"
selection golden-f32-steps "step_gemv, output, step_wkv, step_value, step_choose, step_attend in f32" "$(golden F32_WithinTolerance hybrid-long 1)"
selection drop-16 "rows_choose and attention over dropped chunks" '*Forward_AfterDrops16Bit_AgreesWithTheCpuEngine(precision: BF16, gather: True)'
selection decode-9 "wkv_single; step_choose, step_attend behind products" '*Forward_BatchOfMixedLengths_EqualsEachAlone(batch: 9)'
selection decode-9-states "wkv_single of states in f16" '*Forward_BatchOfMixedLengthsStatesF16_IsNearEachAlone(batch: 9)'
selection golden-states "step_wkv of states in f16" "$(golden StatesF16_RmsWithinTolerance rwkv7-plain 1)"
selection state-half "rows_wkv_scan of states in f16, exported and imported" '*HalfStateTests.Export_OfAnImport_SameBits'
selection decode-4 "step_* at batch 4" '*Forward_BatchOfMixedLengths_EqualsEachAlone(batch: 4)'
selection decode-2 "step_* at batch 2" '*Forward_BatchOfMixedLengths_EqualsEachAlone(batch: 2)'
selection int8-golden "row_scales, dequantize, step_gemv, step_value in int8" '*Forward_GoldenCase_RmsWithinToleranceOfTheSameWeights(name: "hybrid-window", precision: Int8)'
selection fp8-golden "the same in e4m3" '*Forward_GoldenCase_RmsWithinToleranceOfTheSameWeights(name: "hybrid-window", precision: Fp8)'
selection int8-batch "int8 steps at batch 4" '*EightBitTests.Forward_Batch_AgreesWithTheSameWeights(precision: Int8, batch: 4)'
selection matrices "convert, row_scales, dequantize" '*EightBitMatrixTests.Large_Int8File_GoesOverAsItIs'
selection golden-f32-rows "convert, embed, rows_norm, rows_prev, rows_activate, rows_wkv_*, rows_pages, rows_means, rows_choose, rows_attend" "$(golden F32_WithinTolerance hybrid-long 64)"
selection golden-bf16-rows "rows_lists, attend_gathered, attend_own" "$(golden BF16_RmsWithinTolerance hybrid-long 64)"
selection golden-bf16-batch "rows_attend_tiles over several sequences" "$(golden BF16_RmsWithinTolerance hybrid-long batch)"
selection golden-f16 "the rows in f16, states exported" "$(golden F16_RmsWithinTolerance hybrid-long exported)"
selection golden-window "two chunks a query, forks" "$(golden BF16_RmsWithinTolerance hybrid-window forked)"
selection golden-plain "no sparse layer" "$(golden BF16_RmsWithinTolerance rwkv7-plain 7)"
divided() { echo "*DividedRecurrenceTests.Forward_GoldenCase_WithinTolerance(name: \"hybrid-long\", schedule: \"$1\", precision: $2, states: $3)"; }
selection divided-f32 "rows_wkv_chunks, rows_wkv_states, rows_wkv_outputs in f32" "$(divided sequence F32 F32)"
selection divided-batch "the same in bf16, several sequences" "$(divided batch BF16 F32)"
selection divided-states "the same with states of f16, exported" "$(divided exported F32 F16)"
selection gather "rows_attend_tiles, attend_gathered, attend_own where a buffer of keys is in one page" '*Forward_RowsGathered_AgreesWithTiles(precision: BF16, span: 250)'
selection trained "the rows of the trained model" '*Forward_TrainedTexts_AgreesWithTheCpuEngine(precision: BF16, span: 4096)'
selection drop-f32 "means that are no numbers, looks counted" '*Looks_OfAnySchedule_AreOneForEachHeadTokenAndChoice(span: 64)' '*DropPages_WholeChunks_FreesTheirMemoryForOthers'
selection tier "states that leave the device" '*States_ThatLeaveTheDevice_ComeBackTheSame(hostBytes: 1073741824, tier: Host)'
selection state "exchange with the CPU engine" '*StateTests.Import_StateOfOtherEngine_GoesOnAsIfUninterrupted(cpuFirst: True)'
selection sample "sample, all filters" '*Run_ManyLogits_ChoosesWhatTheSamplerChooses(way: "all")' '*Run_LogitsThatCannotBe_SaysWhich(value: NaN, code: -1)'
selection sample-steps "sample after steps" '*ForwardAndSample_Greedy_GoesOnAsForwardAndArgMax(batch: 3)'

check() { # TOOL NAME SECONDS; tool none: the tests alone, which leaves their kernels compiled on disk
    local tool=$1 name=$2 log="$logs/$1-$2.log" start=$SECONDS status found races arguments=(-preEnumerateTheories -noColor) limits=() pattern
    [ "$tool" = racecheck ] && limits=(--launch-count "$launches")
    while read -r pattern; do arguments+=(-displayName "$pattern"); done <<<"${patterns[$name]}"
    if [ "$tool" = none ]; then
        timeout -k 5 "$3" "$tests" "${arguments[@]}" >"$log" 2>&1
    else
        timeout -k 5 "$3" "$sanitizer" --target-processes all --tool "$tool" "${limits[@]}" "${more[@]}" --error-exitcode 9 --print-limit 100 "$tests" "${arguments[@]}" >"$log" 2>&1
    fi
    status=$?
    case $tool in
        memcheck) found=$(grep -aoE 'ERROR SUMMARY: [0-9]+ errors?' "$log" | tail -n 1 | grep -oE '[0-9]+ .*') ;;
        racecheck)
            found=$(grep -aoE 'RACECHECK SUMMARY: .*' "$log" | tail -n 1 | sed 's/RACECHECK SUMMARY: //; s/displayed //')
            races=$(grep -acF 'Race reported between Read access at nvjet' "$log") # none is hidden by the limit, nothing else is reported, and the tests pass
            if [ $status = 9 ] && [ "$races" -gt 0 ] && [ "$races" -lt 100 ] && [ "$races" = "$(grep -acE '^========= .*(Error|Warning)' "$log")" ] && grep -aqE 'Total: .*Errors: 0, Failed: 0' "$log"; then
                found+=", all in cuBLAS" status=0
            fi
            ;;
        *) found= ;;
    esac
    [ $status = 124 ] || [ $status = 137 ] && status=cut || status="ended, $status"
    printf '%-10s|%-18s|%-50s|%-46s|%4d s|%-9s\n' "$tool" "$name" "${found:-?}" "$(grep -aoE 'Total: .*' "$log" | tail -n 1 | sed 's/, Not Run.*//')" $((SECONDS - start)) "$status" >"$work/$tool-$name.row"
}

all() { # TOOL LIMIT: one process a selection, as many at a time as are allowed
    local name seconds card=0
    for name in "${names[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$processes" ]; do wait -n; done
        seconds=$((budget - SECONDS < $2 ? budget - SECONDS : $2))
        [ $seconds -gt 5 ] || continue
        CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES:-$((card % cards))} check "$1" "$name" $seconds &
        card=$((card + 1))
    done
}
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
all none 60
wait
for tool in $tools; do all "$tool" "$limit"; done
wait
printf '%-10s|%-18s|%-50s|%-46s|%6s|%-9s| kernels\n' tool selection reports tests time exit
bad=0
for tool in none $tools; do
    for i in "${!names[@]}"; do
        row="$work/$tool-${names[i]}.row"
        if [ -f "$row" ]; then row=$(cat "$row"); else row=$(printf '%-10s|%-18s|not started: no time left' "$tool" "${names[i]}"); fi
        if [[ $row == *"ended, 0"* && $row == *"Skipped: 0"* && $row != *"Total: 0"* ]]; then
            [ $tool = none ] && continue
        else
            bad=$((bad + 1))
        fi
        echo "$row| ${kernels[i]}"
    done
done
grep -ahE '\[FAIL\]|========= (Invalid|Error|Warning|Program hit)' "$logs"/*.log | sort | uniq -c | sort -rn | head -n 20
echo "$bad of $(($(wc -w <<<"none $tools") * ${#names[@]})) rows are not clean (a selection that passed without a tool is not printed); $SECONDS s"
[ $bad = 0 ]
