#!/usr/bin/env bash
# Packs the tool without libtorch, the tokens, the vocabulary and the plans for a Linux machine with a GPU, CUDA's libtorch and no .NET SDK.
#   eng/fetch-text.sh && rwkvx vocab train … && rwkvx train shards …      (docs/training.md)
#   eng/pack-training.sh FILE.tar.xz [DATA]        DATA: a folder with train.rwkvtok and vocab.txt (default: data)
# There: tar -xf FILE.tar.xz && RWKVX_LIBTORCH=…/torch/lib training/run.sh OUT
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
data=$(realpath "${2:-data}")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root="$stage/training"
mkdir -p "$root"
dotnet publish src/RwkvX.AI.Cli -c Release -r linux-x64 --self-contained -v q -p:DebugType=none -o "$root/tool"
(cd "$root/tool" && rm -f ./*.pdb ./*.xml libmscordaccore.so libmscordbi.so libclrgcexp.so libcoreclrtraceptprovider.so \
    Microsoft.VisualBasic.Core.dll Microsoft.CSharp.dll System.Private.DataContractSerialization.dll System.Data.Common.dll libtorch*.so libc10*.so)
cp "$data/train.rwkvtok" "$data/vocab.txt" eng/embedded-model.json eng/embedded-model-smoke.json "$root"
cp data/text/heldout-novels.jsonl "$root" 2>/dev/null || true
cat >"$root/run.sh" <<'RUN'
#!/usr/bin/env bash
# run.sh OUT [PLAN]: trains by the plan beside this script; call it again to go on. The weights come back in pieces of at most 15 MiB.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "$1")
plan=${2:-$here/embedded-model.json}
runs=${RWKVX_RUNS:-/tmp/rwkvx-runs}/$(basename "$plan" .json)
mkdir -p "$out" "$runs"
"$here/tool/rwkvx" train run "$plan" --out "$runs" --device cuda 2>&1 | tee -a "$runs/log.txt"
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
size=$(stat -c %s "$out")
echo "$out: $size bytes"
[ "$size" -le 62914560 ] || { echo "expected at most 60 MiB, found $size bytes" >&2; exit 1; }
