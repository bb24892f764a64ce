# Sourced by the scripts for a machine with a GPU and no .NET SDK: unpacks a pack of eng/pack-cuda-tests.sh inside the checkout (tests find their
# fixtures from there) until the script ends. Sets tests, training, rwkvx, work (a folder) and logs (which go to SCRIPT.tar.gz in the folder that OUT names, or the checkout).
pack=$(realpath "$1") script=$(basename "$0" .sh)
cd "$(dirname "$0")/.." || exit 1
out=$(realpath "${OUT:-.}")
mkdir -p artifacts
work=$(mktemp -d "$PWD/artifacts/cuda.XXXXXX")
logs="$work/$script"
mkdir "$logs"
trap 'tar -C "$work" -czf "$out/$script.tar.gz" "$script"; rm -rf "$work"' EXIT
tar -C "$work" -xJf "$pack" || exit 1
tests="$work/cuda-tests/RwkvX.AI.Torch.Tests" training="$work/cuda-tests/RwkvX.AI.Training.Tests" rwkvx="$work/cuda-tests/rwkvx"
export DOTNET_gcServer=0 DOTNET_TieredPGO=0
if [ -z "${RWKVX_LIBTORCH:-}" ]; then
    found=$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null) && export RWKVX_LIBTORCH="$found/lib"
fi
