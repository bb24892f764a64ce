#!/usr/bin/env bash
# Which mean of two models to take: each share of the second is asked documents of a seed that no test has. Prints right of asked, a row a task and a column a share; of everyday questions what was told, then what never was.
#   eng/choose-mean.sh FIRST SECOND OUT SHARE… [-- flags for the engine…]     such as 0 0.35 0.5 0.7 1 -- --device cuda; cards are taken in turn
# SEED (5), DOCUMENTS (40) of each task, TASKS (all that it has). RWKVX_EVAL_QUICK=1: short texts, to see that it works. RWKVX_TOOL, RWKVX_TEXT: as for evaluate-model.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
first=$(realpath "$1") second=$(realpath "$2") out=$(realpath -m "$3")
shift 3
shares=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do shares+=("$1"); shift; done
[ $# -eq 0 ] || shift
tool=${RWKVX_TOOL:-$([ -x "$here/tool/rwkvx" ] && echo "$here/tool/rwkvx" || echo rwkvx)}
text=${RWKVX_TEXT:-$([ -f "$here/heldout-novels.jsonl" ] && echo "$here" || echo "$here/../data/text")}
seed=${SEED:-5} documents=${DOCUMENTS:-40} cards=$(nvidia-smi -L 2>/dev/null | wc -l || true)
if [ "${RWKVX_EVAL_QUICK:-0}" = 1 ]; then long=2048 mid=1024 minutes=1000; else long=65536 mid=16384 minutes=20000; fi

all="needle-3 needle-2 four decisions unknown everyday everyday-chat"
read -ra tasks <<<"${TASKS:-$all}"
for task in "${tasks[@]}"; do
    [[ " $all " == *" $task "* ]] || { echo "TASKS: expected some of $all, found $task" >&2; exit 2; }
done
engine=("$@") prose=(--prose "$text/heldout-novels.jsonl")
evaluate() { # MODEL FOLDER
    mkdir -p "$2"
    local task what
    for task in "${tasks[@]}"; do
        case $task in
            needle-*) what=(needle --task "$task" --tokens "$long" "${prose[@]}") ;;
            four) what=(facts --task four --tokens "$mid" "${prose[@]}") ;;
            decisions) what=(decisions --tokens "$minutes") ;;
            unknown) what=(unknown --tokens "$mid" "${prose[@]}") ;;
            everyday*) what=(facts --task "$task" --tokens 500 "${prose[@]}") ;;
        esac
        "$tool" eval "${what[@]}" --documents "$documents" --seed "$seed" --model "$1" --out "$2/$task.json" "${engine[@]}" >"$2/$task.log" 2>&1 &
    done
    wait
}

for i in "${!shares[@]}"; do
    "$tool" train average "$first" "$second" --shares "$(awk "BEGIN {print 1 - ${shares[i]}}")" "${shares[i]}" --out "$out/${shares[i]}/model" >/dev/null
    if [ "$cards" -gt 1 ]; then
        CUDA_VISIBLE_DEVICES=$((i % cards)) evaluate "$out/${shares[i]}/model" "$out/${shares[i]}" &
    else
        evaluate "$out/${shares[i]}/model" "$out/${shares[i]}"
    fi
done
wait
# Each cell of a log, without the sum behind several.
right_of() { awk 'match($0, /[0-9]+ of [0-9]+, 95%/) {cell[++n] = substr($0, RSTART, RLENGTH - 5); sub(/ of /, "/", cell[n])} END {m = n > 1 ? n - 1 : n; for (i = 1; i <= m; i++) printf "%s ", cell[i]}' "$1"; }
printf '%-18s' share "${shares[@]}"
for task in "${tasks[@]}"; do
    printf '\n%-18s' "$task"
    for share in "${shares[@]}"; do printf '%-18s' "$(right_of "$out/$share/$task.log")"; done
done
echo
