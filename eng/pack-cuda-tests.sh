#!/usr/bin/env bash
# Packs the device tests and the tool with their runtime for a Linux machine that has a GPU and no .NET SDK.
#   eng/pack-cuda-tests.sh FILE.tar.xz
# There: eng/cuda-check.sh FILE.tar.xz from inside a checkout (tests find fixtures by walking up to RwkvX.AI.sln, so it is unpacked there).
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
for project in src/RwkvX.AI.Cli tests/RwkvX.AI.Torch.Tests; do
    dotnet publish "$project" -c Release -r linux-x64 --self-contained -v q -nologo -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false -o "$stage/cuda-tests"
done
cd "$stage/cuda-tests"
# The embedded model is read from the checkout; debuggers, compilers of other languages and CPU libtorch are not needed.
rm -f RwkvX.AI.DefaultModel.dll ./*.pdb ./*.xml libmscordaccore.so libmscordbi.so libclrgcexp.so libcoreclrtraceptprovider.so \
    Microsoft.VisualBasic.Core.dll Microsoft.CSharp.dll System.Private.DataContractSerialization.dll System.Data.Common.dll \
    libtorch*.so libc10.so libgomp-*.so* libaoti*.so libbackend*.so libjit*.so libnnapi*.so libshm.so
mkdir -p "$(dirname "$out")"
tar -C "$stage" -cf - cuda-tests | xz -T0 -6 >"$out"
ls -l "$out"
