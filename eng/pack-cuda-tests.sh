#!/usr/bin/env bash
# Packs the CUDA tests and benchmarks with their runtime for a Linux machine that has a GPU and no .NET SDK.
#   eng/pack-cuda-tests.sh FILE.tar.xz
# There: unpack anywhere inside a checkout (tests find fixtures by walking up to RwkvX.AI.sln), point RWKVX_LIBTORCH at a torch/lib
# folder with CUDA, then run RwkvX.AI.Torch.Tests or RwkvX.AI.Torch.Benchmarks.
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
for project in RwkvX.AI.Torch.Benchmarks RwkvX.AI.Torch.Tests; do
    dotnet publish "tests/$project" -c Release -r linux-x64 --self-contained -v q -o "$stage/cuda-tests"
done
cd "$stage/cuda-tests"
# The embedded model is read from the checkout; debuggers and compilers of other languages are not needed.
rm -f RwkvX.AI.DefaultModel.dll ./*.pdb ./*.xml libmscordaccore.so libmscordbi.so libclrgcexp.so libcoreclrtraceptprovider.so \
    Microsoft.VisualBasic.Core.dll Microsoft.CSharp.dll System.Private.DataContractSerialization.dll System.Data.Common.dll
mkdir -p "$(dirname "$out")"
tar -C "$stage" -cf - cuda-tests | xz -T0 -6 >"$out"
ls -l "$out"
