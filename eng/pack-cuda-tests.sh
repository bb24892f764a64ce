#!/usr/bin/env bash
# Packs the device tests and the tool, as built, with a .NET runtime for a Linux machine that has a GPU and no .NET.
#   dotnet build && eng/pack-cuda-tests.sh FILE.tar.xz
# There: eng/cuda-check.sh FILE.tar.xz from inside a checkout (tests find fixtures by walking up to RwkvX.AI.sln, so it is unpacked there).
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
configuration=${CONFIGURATION:-Debug} # optimised too, see Directory.Build.props
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
pack="$stage/cuda-tests"
root=$(dirname "$(readlink -f "$(command -v dotnet)")")
version=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ {v = $2} END {print v}')
mkdir -p "$pack/shared/Microsoft.NETCore.App" "$pack/host"
cp "$root/dotnet" "$pack"
cp -r "$root/host/fxr" "$pack/host"
cp -r "$root/shared/Microsoft.NETCore.App/$version" "$pack/shared/Microsoft.NETCore.App"
# Debuggers are not needed; nor are CPU libtorch, other languages, and the embedded model, which is read from the checkout.
(cd "$pack/shared/Microsoft.NETCore.App/$version" && rm -f libmscordaccore.so libmscordbi.so libclrgcexp.so libcoreclrtraceptprovider.so createdump \
    Microsoft.VisualBasic.Core.dll Microsoft.CSharp.dll System.Private.DataContractSerialization.dll System.Data.Common.dll)
mkdir "$pack/apps" # one folder: they share most of their libraries, of one build
app() {
    cp "$1/bin/$configuration/net10.0/"*.dll "$1/bin/$configuration/net10.0/"*.json "$pack/apps"
    printf '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\nexport DOTNET_ROOT="$here"\nexec "$here/dotnet" "$here/apps/%s.dll" "$@"\n' "$2" >"$pack/$2"
    chmod +x "$pack/$2"
}
app src/RwkvX.AI.Cli rwkvx
app tests/RwkvX.AI.Torch.Tests RwkvX.AI.Torch.Tests
app tests/RwkvX.AI.Training.Tests RwkvX.AI.Training.Tests
rm -f "$pack/apps/RwkvX.AI.DefaultModel.dll"
cp tests/RwkvX.AI.Training.Tests/bin/$configuration/net10.0/runtimes/linux-x64/native/libLibTorchSharp.so "$pack/apps"
# The benchmark needs no web server: the tool starts without that framework.
python3 - "$pack/apps/rwkvx.runtimeconfig.json" "$version" <<'CONFIG'
import json, sys
path, version = sys.argv[1:]
with open(path) as file:
    config = json.load(file)
config["runtimeOptions"].pop("frameworks", None)
config["runtimeOptions"]["framework"] = {"name": "Microsoft.NETCore.App", "version": version}
with open(path, "w") as file:
    json.dump(config, file)
CONFIG
mkdir -p "$(dirname "$out")"
tar -C "$stage" -cf - cuda-tests | xz -T0 -"${XZ_LEVEL:-6}" >"$out"
ls -l "$out"
