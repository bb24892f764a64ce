#!/usr/bin/env bash
# Shares by kernel of 3.6B in bf16, by Nsight Compute: a decoding step at batch 1 and 4,096 tokens, and the sparse layers of two passes of prefill.
# Each kernel alone, clocks as they are, caches as the one before left them; the sums are longer than a step, whose kernels overlap.
#   eng/cuda-kernels.sh PACK.tar.xz [LxC+M]
set -uo pipefail
shape=${2:-32x2560+8}
. "$(dirname "$0")/cuda-unpack.sh"
layers=${shape%%x*} sparse=${shape##*+}

profile() { # NAME KERNELS SKIP COUNT ARGUMENTS...
    local name=$1 kernels=$2 skip=$3 count=$4; shift 4
    timeout 240 ncu --target-processes all --clock-control none --cache-control none --graph-profiling node --kernel-name "regex:$kernels" --launch-skip "$skip" --launch-count "$count" --kill yes \
        --metrics gpu__time_duration.sum,dram__bytes_read.sum,dram__bytes_write.sum --csv --page raw --print-units base "$rwkvx" bench --device cuda --shape "$shape" "$@" >"$logs/$name.csv" 2>"$logs/$name.err"
    python3 - "$logs/$name.csv" <<'TABLE'
import csv, itertools, sys
lines = open(sys.argv[1], errors="replace").read().splitlines()
start = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), None)
if start is None:
    sys.exit("no table: " + " ".join(lines[-5:]))
rows = [row for row in csv.DictReader(lines[start:]) if row["ID"].isdigit()]
number = lambda text: float(text.replace(",", ""))
names = [row["Kernel Name"].split("(")[0] for row in rows]
blocks = [row["Block Size"].replace(" ", "") for row in rows]
def label(i):
    following = names[i + 1] if i + 1 < len(names) else ""
    if names[i] == "step_gemv":
        if blocks[i].startswith("(320,"):
            return "step_gemv: output product"
        return "step_gemv: " + {"step_wkv": "norm, r, k, v and low ranks", "step_choose": "norm, q, k, v", "step_value": "norm, key of a channel mix"}.get(following, "norm, head")
    if names[i] == "rows_attend_tiles":
        return "rows_attend_tiles" + (": rows gathered by chunk" if following == "rows_attend_tiles" else ": own chunk and the parts" if i > 0 and names[i - 1] == "rows_attend_tiles" else ": all chunks of a tile")
    return names[i]
table = {}
for i, row in enumerate(rows):
    entry = table.setdefault(label(i), [0, 0.0, 0.0])
    entry[0] += 1
    entry[1] += number(row["gpu__time_duration.sum"]) / 1e3
    entry[2] += number(row["dram__bytes_read.sum"]) + number(row["dram__bytes_write.sum"])
total = sum(entry[1] for entry in table.values())
print(f"{'kernel':<48}{'launches':>9}{'us each':>10}{'MB each':>10}{'TB/s':>7}{'share':>8}")
for name, (count, time, moved) in sorted(table.items(), key=lambda item: -item[1][1]):
    print(f"{name:<48}{count:>9}{time / count:>10.2f}{moved / count / 1e6:>10.2f}{moved / time / 1e6:>7.2f}{time / total:>8.1%}")
print(f"{'all':<48}{len(rows):>9}{total:>10.1f}")
TABLE
}

# Launches of a step without the embedding: five a layer, six a sparse layer, the head.
step=$((5 * layers + 6 * sparse + 1))
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
echo "== decode, $shape, batch 1, 4,096 tokens: one step"
profile decode '^step_' $((3 * step)) $step --contexts 4096 --batches 1 --steps 20
# Sparse layers: pages, means, choice, tiles in passes whose tiles visit chunks; pages, means, choice, lists, gathered, own in later ones. The 64 tokens at the start are one pass.
sparse_kernels='^rows_(pages|means|choose|lists|attend)'
echo "== prefill, $shape, sparse layers of the first 4,096 tokens"
profile prefill-first "$sparse_kernels" $((4 * sparse)) $((4 * sparse)) --contexts 131072 --batches 1
echo "== prefill, $shape, sparse layers of the 4,096 tokens after 110,592"
profile prefill-late "$sparse_kernels" $((8 * sparse + 26 * 6 * sparse)) $((6 * sparse)) --contexts 131072 --batches 1
echo "$SECONDS s"
