"""Turns the packages that fetch-text.sh fetched into JSONL: python3 eng/prepare-text.py PACKAGES OUT"""
import glob
import gzip
import html
import json
import os
import re
import struct
import sys
import zlib

packages, out = sys.argv[1:3]
documents = {"train": [], "heldout-novels": [], "heldout-speeches": []}


def add(split, source, text):
    text = text.replace("\r", "").replace("\t", " ").replace("\u00a0", " ")
    text = text.replace("\u2018", "'").replace("\u2019", "'").replace("\u201c", '"').replace("\u201d", '"').replace("\u2013", "-").replace("\u2014", "--")
    text = re.sub(r"[ ]{2,}", " ", re.sub(r"[ ]+\n", "\n", text))
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    if len(text) >= 200:
        documents[split].append({"text": text, "source": source})


def unwrap(text):
    """One line a paragraph."""
    return "\n\n".join(" ".join(line.strip() for line in p.split("\n")) for p in re.split(r"\n\s*\n", text) if p.strip())


def pieces(text, size):
    """Documents of at most about so many characters, cut between paragraphs."""
    piece = []
    for paragraph in text.split("\n\n"):
        if piece and sum(map(len, piece)) + len(paragraph) > size:
            yield "\n\n".join(piece)
            piece = []
        piece.append(paragraph)
    if piece:
        yield "\n\n".join(piece)


def strip(page):
    page = re.sub(r"(?is)<(script|style|pre|svg|head)\b.*?</\1>", " ", page)
    page = re.sub(r"(?i)</(p|h\d|li|dt|dd|tr|div)>|<br\s*/?>", "\n\n", page)
    page = html.unescape(re.sub(r"(?s)<[^>]*>", "", page))
    return unwrap(page)


# State of the Union speeches (CC0). Every 20th is held out.
for i, path in enumerate(sorted(glob.glob(f"{packages}/package/sotu/data/*.json"))):
    with open(path, encoding="utf-8") as file:
        speech = json.load(file)
    text = speech["text"] if isinstance(speech, dict) else "\n\n".join(speech)
    add("heldout-speeches" if i % 20 == 19 else "train", "sotu", unwrap(text))

# Moby-Dick (CC0): a file a chapter.
chapters = glob.glob(f"{packages}/package/moby-dick/data/chapter_*.txt")
for path in sorted(chapters, key=lambda path: int(re.findall(r"\d+", path)[-1])):
    with open(path, encoding="utf-8") as file:
        add("train", "moby-dick", unwrap(file.read()))

# Jane Austen's novels (public domain; the package is MIT): R objects, each compressed with its length before it.
with open(glob.glob(f"{packages}/r-cran-janeaustenr/**/Rdata.rdb", recursive=True)[0], "rb") as file:
    data = file.read()
while len(data) > 4:
    inflate = zlib.decompressobj()
    r = inflate.decompress(data[4:])
    data = inflate.unused_data
    lines, at = [], 0
    for match in re.finditer(rb"\x00\x04\x00\x09(....)", r, re.S):
        if match.start() < at:
            continue
        length = struct.unpack(">i", match.group(1))[0]
        at = match.end() + max(length, 0)
        lines.append(r[match.end():at].decode("utf-8", "replace"))
    if len(lines) < 1000:
        continue
    title = " ".join(lines[:8]).upper()
    held = "PERSUASION" in title or "NORTHANGER" in title
    text = unwrap("\n".join(lines))
    for piece in [text] if held else pieces(text, 60000):
        add("heldout-novels" if held else "train", "austen", piece)

# WordNet 3.0's glosses (WordNet licence: the notice stands in the package's copyright file and in the model card).
glosses = []
for part in ("noun", "verb", "adj", "adv"):
    with open(f"{packages}/wordnet-base/usr/share/wordnet/data.{part}", encoding="latin-1") as file:
        for line in file:
            if line.startswith("  ") or " | " not in line:
                continue
            word = line.split()[4].replace("_", " ").split("(")[0]
            gloss = line.split(" | ", 1)[1].strip()
            glosses.append(f"{word[0].upper()}{word[1:]}: {gloss}.")
step = 7919  # spreads the alphabet over the documents
order = [(i * step) % len(glosses) for i in range(len(glosses))]
for i in range(0, len(order), 40):
    add("train", "wordnet", "\n".join(glosses[j] for j in order[i:i + 40]))

# Manuals of SQLite (public domain) and PostgreSQL (PostgreSQL licence).
for name, pattern in (("sqlite", "sqlite3-doc/**/*.html"), ("postgresql", "postgresql-doc-15/**/*.html")):
    for path in sorted(glob.glob(f"{packages}/{pattern}", recursive=True)):
        with open(path, encoding="utf-8", errors="replace") as file:
            add("train", name, strip(file.read()))

# The World English Bible (public domain): compressed blocks of marked-up verses.
for part in ("ot", "nt"):
    base = glob.glob(f"{packages}/sword-text-web/**/{part}.bzs", recursive=True)[0][:-4]
    with open(base + ".bzs", "rb") as index, open(base + ".bzz", "rb") as file:
        blocks, data = index.read(), file.read()
    for i in range(0, len(blocks) - 11, 12):
        start, size, _ = struct.unpack("<III", blocks[i:i + 12])
        text = zlib.decompress(data[start:start + size]).decode("utf-8", "replace")
        text = re.sub(r"(?s)<(note|title)\b.*?</\1>", "", text)
        text = re.sub(r"</p>|<chapter[^>]*>|<lb[^>]*>|</l>", "\n\n", text)
        text = html.unescape(re.sub(r"<[^>]*>", "", text)).replace("\n\n\n", "\n\n")
        for piece in pieces(unwrap(text), 60000):
            add("train", "web-bible", piece)

# The Jargon File (public domain).
with gzip.open(f"{packages}/jargon-text/usr/share/doc/jargon-text/jargon.txt.gz", "rt", encoding="utf-8", errors="replace") as file:
    for piece in pieces(unwrap(re.sub(r"[\u2500-\u257f]+", " ", file.read())), 20000):
        add("train", "jargon", piece)

for split, items in documents.items():
    with open(os.path.join(out, split + ".jsonl"), "w", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps(item, ensure_ascii=False) + "\n")
    sizes = {}
    for item in items:
        count, size = sizes.get(item["source"], (0, 0))
        sizes[item["source"]] = (count + 1, size + len(item["text"].encode()))
    print(split, "documents/bytes:", {source: f"{count}/{size:,}" for source, (count, size) in sizes.items()})
