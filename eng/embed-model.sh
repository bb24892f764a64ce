#!/usr/bin/env bash
# Makes the model of a training run the embedded one: the files as the run exported them (bf16) go where RwkvX.AI.DefaultModel takes them from.
#   eng/embed-model.sh RUN/model [INT8]        INT8: a folder for its int8 form
# Another name than the embedded model's is refused: it stands in the project's EmbeddedModel, in the tests' Repository and in the names of the documents.
set -euo pipefail
source=$(realpath "$1") int8=${2:+$(realpath -m "$2")}
cd "$(dirname "$0")/.."
project=src/RwkvX.AI.DefaultModel/RwkvX.AI.DefaultModel.csproj
model=$(sed -n 's|.*<EmbeddedModel>../../\(.*\)</EmbeddedModel>.*|\1|p' "$project")
name=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["name"])' "$source/config.json")
[ "$name" = "$(basename "$model")" ] || { echo "$source/config.json: expected the name $(basename "$model") as in $project, found $name" >&2; exit 1; }
mkdir -p "$model"
for file in config.json vocab.txt model.safetensors; do install -m 644 "$source/$file" "$model/$file"; done
dotnet build src/RwkvX.AI.Cli -c Release -v q --nologo
tool=src/RwkvX.AI.Cli/bin/Release/net10.0/rwkvx
"$tool" inspect "$model"
[ -z "$int8" ] || "$tool" import "$model" --out "$int8" --precision int8
for form in "$model" ${int8:+"$int8"}; do
    ls -l "$form/model.safetensors"
    "$tool" passkey --model "$form" --tokens 4000 --samples 2 --depths 5 --seed 1 | tail -n 1
done
"$tool" chat --model "$model" --temperature 0 --once "My name is Nora."
