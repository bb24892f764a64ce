#!/usr/bin/env bash
# Packs every shipped package into a temporary folder, builds samples/PackageSmoke against the packed packages alone, and runs it.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet pack -c Release -o "$work/feed" --nologo -v quiet
ls -l "$work/feed"

for package in "$work"/feed/*.nupkg; do
  unzip -Z1 "$package" | grep -x README.md > /dev/null || { echo "$package: expected README.md, found none"; exit 1; }
  [ -f "${package%.nupkg}.snupkg" ] || { echo "$package: expected a symbol package beside it, found none"; exit 1; }
done

# A copy outside the repository: no Directory.Build.props, no project references, only packages.
cp -r samples/PackageSmoke "$work/app"
rm -rf "$work/app/bin" "$work/app/obj"
cat > "$work/app/Directory.Build.props" <<'XML'
<Project />
XML
cd "$work/app"
dotnet restore -p:RwkvXPackages=true --source "$work/feed" $(dotnet nuget list source --format short | awk '/^E/ {print "--source " $2}')
dotnet run --no-restore -p:RwkvXPackages=true
