#!/usr/bin/env bash
# Packs the tool without libtorch, the tokens, the vocabulary and the plans for a Linux machine with a GPU, CUDA's libtorch and no .NET SDK.
#   eng/fetch-text.sh && rwkvx vocab train … && rwkvx train shards …      (docs/training.md)
#   eng/pack-training.sh FILE.tar.xz [DATA]        DATA: a folder with train.rwkvtok, literature.rwkvtok, vocab.txt and text/heldout-*.jsonl (default: data)
# There: tar -xf FILE.tar.xz && RWKVX_LIBTORCH=…/torch/lib training/run.sh OUT [PLAN]; training/evaluate.sh MODEL OUT --device cuda
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
data=$(realpath "${2:-data}") texts=$(realpath "${2:-data}/text")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root="$stage/training"
mkdir -p "$root"
dotnet publish src/RwkvX.AI.Cli -c Release -r linux-x64 --self-contained -v q -p:DebugType=none -o "$root/tool"
(cd "$root/tool" && rm -f ./*.pdb ./*.xml libmscordaccore.so libmscordbi.so libclrgcexp.so libcoreclrtraceptprovider.so \
    Microsoft.VisualBasic.Core.dll Microsoft.CSharp.dll System.Private.DataContractSerialization.dll System.Data.Common.dll libtorch*.so libc10*.so)
# The embedded model (25 MB) is of no use there; without its entry the host does not miss it.
python3 - "$root/tool/rwkvx.deps.json" <<'PYTHON'
import json, sys
path, name = sys.argv[1], "RwkvX.AI.DefaultModel"
deps = json.load(open(path))
for entries in [*deps["targets"].values(), deps["libraries"]]:
    for key in [key for key in entries if key.startswith(name + "/")]:
        del entries[key]
    for entry in entries.values():
        entry.get("dependencies", {}).pop(name, None)
json.dump(deps, open(path, "w"))
PYTHON
rm "$root/tool/RwkvX.AI.DefaultModel.dll"
cp "$data/train.rwkvtok" "$data/literature.rwkvtok" "$data/vocab.txt" eng/embedded-model*.json "$root"
bash eng/comparison-plans.sh "$root"
cp eng/evaluate-model.sh "$root/evaluate.sh"
cp eng/choose-mean.sh "$root/choose.sh"
cp "$texts/heldout-novels.jsonl" "$texts/heldout-speeches.jsonl" "$root"
cat >"$root/run.sh" <<'RUN'
#!/usr/bin/env bash
# run.sh OUT [PLAN [DEVICES]]: trains by the plan beside this script; call it again to go on. The weights come back in pieces of at most 15 MiB.
# CUDA_VISIBLE_DEVICES chooses cards; each plan has a run folder of its own, so several plans train at once, each with its own OUT.
# The model stays in RWKVX_RUNS/PLAN/model for evaluate.sh.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "$1")
plan=${2:-$here/embedded-model.json}
runs=${RWKVX_RUNS:-/tmp/rwkvx-runs}/$(basename "$plan" .json)
mkdir -p "$out" "$runs"
"$here/tool/rwkvx" train run "$plan" --out "$runs" --device cuda --devices "${3:-1}" 2>&1 | tee -a "$runs/log.txt"
code=${PIPESTATUS[0]}
cp "$runs/steps.csv" "$runs/log.txt" "$runs/loss.svg" "$out" 2>/dev/null
if [ -d "$runs/model" ]; then
    tar -C "$runs" -cf - model | split -b 15M -d - "$out/model.tar."
    echo "weights: cat $(basename "$out")/model.tar.* | tar -x"
fi
exit "$code"
RUN
chmod +x "$root/run.sh"
mkdir -p "$(dirname "$out")"
tar -C "$stage" -cf - training | xz -T0 -6 >"$out"
echo "$out: $(stat -c %s "$out") bytes"
