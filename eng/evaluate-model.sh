#!/usr/bin/env bash
# Measures all that docs/results.md tells of one model, what matters most first, within a given time; each figure is a JSON file for `rwkvx eval report`.
#   eng/evaluate-model.sh MODEL OUT [flags for the engine…]     such as --device cuda, or --device cpu
# RWKVX_EVAL_SECONDS: for everything (420). RWKVX_EVAL_PROCESSES: at a time (4). RWKVX_EVAL_QUICK=1: short texts and few of them, to see that it works.
# RWKVX_TOOL: the tool; without it tool/rwkvx beside this script, else `rwkvx`. RWKVX_TEXT: the folder of the held-out texts.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=$(realpath "$1") out=$(realpath -m "$2")
shift 2
tool=${RWKVX_TOOL:-$([ -x "$here/tool/rwkvx" ] && echo "$here/tool/rwkvx" || echo rwkvx)}
text=${RWKVX_TEXT:-$([ -f "$here/heldout-novels.jsonl" ] && echo "$here" || echo "$here/../data/text")}
deadline=$((SECONDS + ${RWKVX_EVAL_SECONDS:-420})) processes=${RWKVX_EVAL_PROCESSES:-4}
if [ "${RWKVX_EVAL_QUICK:-0}" = 1 ]; then
    lengths="512 1024" far=2048 long=1500 mid=1000 near=500 minutes=1000 window=2048 few=2 some=2 many=3 cloze=20
else
    lengths="1024 2048 4096 8192 16384 32768 65536" far=131072 long=65536 mid=16384 near=1024 minutes=20000 window=65536 few=20 some=25 many=60 cloze=1500
fi
mkdir -p "$out"
echo "step,seconds,exit" >"$out/evaluations.csv"

# step NAME VERB ARGUMENTS…: one file OUT/NAME.json; a step that takes too long leaves what it has.
step() {
    local name=$1 left=$((deadline - SECONDS)) started=$SECONDS status
    shift
    if [ "$left" -lt 5 ]; then
        echo "$name: no time left"
        echo "$name,0,skipped" >>"$out/evaluations.csv"
        return
    fi
    timeout "$left" "$tool" "$@" >"$out/$name.log" 2>&1
    status=$?
    echo "$name,$((SECONDS - started)),$status" >>"$out/evaluations.csv"
    printf '== %s (%s s, exit %s)\n%s\n' "$name" $((SECONDS - started)) $status "$(tail -n 12 "$out/$name.log")"
}
ask() { # beside others, as many as are allowed
    while [ "$(jobs -rp | wc -l)" -ge "$processes" ]; do wait -n; done
    step "$1" eval "${@:2}" --model "$model" --out "$out/$1.json" "${engine[@]}" &
}

engine=("$@")
novels="$text/heldout-novels.jsonl"
ask novels perplexity --data "$novels" --tokens "$window"
ask passkey passkey --lengths $lengths --depths 10 --samples 5
ask later facts --task later --tokens "$((long / 2))" --documents "$some" --prose "$novels"
for task in needle-1 needle-2 needle-3 multi-key multi-value; do ask "$task" needle --task "$task" --tokens "$long" --documents "$few" --prose "$novels"; done
ask decisions decisions --tokens "$minutes" --documents "$many"
ask unknown unknown --tokens "$mid" --documents "$some" --prose "$novels"
ask four facts --task four --tokens "$mid" --documents "$many" --prose "$novels"
ask facts facts --task facts --tokens "$mid" --documents "$some" --prose "$novels"
for task in everyday everyday-chat; do ask "$task" facts --task "$task" --tokens "$near" --documents "$many" --prose "$novels"; done
ask cloze cloze --data "$novels" --questions "$cloze"
ask passkey-far passkey --lengths "$far" --depths 10 --samples 3 --seed 2
for task in needle-1 needle-2 needle-3 multi-key multi-value; do ask "$task-mid" needle --task "$task" --tokens "$mid" --documents "$few" --prose "$novels"; done
ask facts-near facts --task facts --tokens "$near" --documents "$some" --prose "$novels"
ask four-near facts --task four --tokens "$near" --documents "$many" --prose "$novels"
ask facts-far facts --task facts --tokens "$long" --documents "$some" --prose "$novels"
ask speeches perplexity --data "$text/heldout-speeches.jsonl" --tokens "$((window / 8))"
wait
case " ${engine[*]} " in *" cuda"*) step bench bench --model "$model" --json "$out/bench.json" --contexts 4096,16384,65536,131072 --batches 1 --steps 100 "${engine[@]}" ;; esac
echo "done: $out, $SECONDS s"
