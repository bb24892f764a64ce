#!/usr/bin/env bash
# Writes the three plans of the comparison from comparison.json: the same data, seed, stages and tokens.
#   eng/comparison-plans.sh FOLDER
# rwkvx.json            RWKV-X as the embedded model has it
# plain-rwkv7.json      no sparse layers; three more RWKV-7 layers in their place: 12.51M parameters against 12.27M
# full-attention.json   as rwkvx.json, but the sparse layers attend to everything: one chunk, longer than any text
set -euo pipefail
plan="$(dirname "$0")/comparison.json"
# make NAME MODEL-NAME FROM TO: FROM must be there once.
make() {
    [ "$(grep -cF "$3" "$plan")" = 1 ] || { echo "$plan: expected '$3' once" >&2; exit 1; }
    sed -e "s/$3/$4/" -e "s/\"name\": \"rwkvx-12m-short\"/\"name\": \"$2\"/" "$plan" >"$folder/$1.json"
    grep -qF "\"name\": \"$2\"" "$folder/$1.json" || { echo "$plan: expected the name rwkvx-12m-short" >&2; exit 1; }
}
folder=$1
mkdir -p "$folder"
cp "$plan" "$folder/rwkvx.json"
make plain-rwkv7 plain-rwkv7-12m '"n_layer": 9, "n_moba_layer": 3' '"n_layer": 12, "n_moba_layer": 0'
make full-attention full-attention-12m '"moba_chunk_size": 32, "moba_topk": 16' '"moba_chunk_size": 262144, "moba_topk": 1'
