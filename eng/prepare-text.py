"""Turns the packages that fetch-text.sh fetched into JSONL: python3 eng/prepare-text.py SOURCES PACKAGES OUT"""
import glob
import gzip
import html
import json
import os
import re
import struct
import sys
import zlib

table, packages, out = sys.argv[1:4]
documents = {"train": [], "heldout-novels": [], "heldout-speeches": []}
SKIPPED_PAGES = re.compile(r"(?i)changelog|changes|genindex|modindex|/search|_sources|_modules|/release|history|whatsnew|copyright|license|perl\w*delta|print\.html")
COMMON = set("the of to a and in is that for it as be on with are or this by an from if not can at you will which when has have but its use used there then".split())


def normal(text):
    text = text.replace("\r", "").replace("\t", " ").replace("\u00a0", " ").replace("\u00b6", "").replace("\u2026", "...").replace("\u00ad", "").replace("\ufeff", "")
    text = re.sub("[\u200b-\u200f\ue000-\uf8ff\ufffd]", "", text.replace("\u2212", "-"))
    text = text.replace("\u2018", "'").replace("\u2019", "'").replace("\u201c", '"').replace("\u201d", '"').replace("\u2013", "-").replace("\u2014", "--")
    text = re.sub(r"[ ]{2,}", " ", re.sub(r"[ ]+\n", "\n", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def unwrap(text):
    """One line a paragraph."""
    return "\n\n".join(" ".join(line.strip() for line in p.split("\n")) for p in re.split(r"\n\s*\n", text) if p.strip())


def pieces(text):
    """Stretches of at most about 60,000 characters, cut between paragraphs: what is refused or counted as a whole."""
    piece = []
    for paragraph in text.split("\n\n"):
        if piece and sum(map(len, piece)) + len(paragraph) > 60000:
            yield "\n\n".join(piece)
            piece = []
        piece.append(paragraph)
    if piece:
        yield "\n\n".join(piece)


def is_prose(paragraph):
    """English sentences: neither code, nor a table, nor a list of names."""
    tokens = paragraph.split()
    words = [word.lower() for token in tokens if (word := token.strip(".,;:!?()\"'*")).replace("-", "").replace("'", "").isalpha()]
    return len(tokens) >= 8 and len(words) >= 0.8 * len(tokens) and sum(word in COMMON for word in words) >= 0.22 * len(words) and paragraph[-1] in ".:!?)\"'"


def prose(paragraphs):
    """The sentences of a manual's page; a heading (marked with \\1) stays where sentences follow it."""
    heading, kept = None, []
    for paragraph in paragraphs:
        paragraph = " ".join(paragraph.split())
        if paragraph.startswith("\1"):
            heading = re.sub(r"^[\d.]+ ", "", paragraph.strip("\1# "))
        elif paragraph and is_prose(paragraph):
            if heading and len(heading) < 100 and re.search(r"[a-z]{3}", heading):
                kept.append(heading)
            heading = None
            kept.append(paragraph)
    return "\n\n".join(kept)


def read(path):
    with (gzip.open if path.endswith((".gz", ".dz")) else open)(path, "rb") as file:
        data = file.read()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


# Readers: from the files of a source's line to documents, with the split and the book that they belong to where these are not "train" and the source.

def speeches(paths):
    """Every 20th is held out."""
    for i, path in enumerate(paths):
        speech = json.loads(read(path))
        text = speech["text"] if isinstance(speech, dict) else "\n\n".join(speech)
        yield unwrap(text), "heldout-speeches" if i % 20 == 19 else "train"


def plain(paths):
    for path in sorted(paths, key=lambda path: [int(n) for n in re.findall(r"\d+", os.path.basename(path))]):
        text = re.sub(r"[\u2500-\u257f]+", " ", read(path)).replace("\r", "")
        text = re.sub(r"(?s)^.*?\*\*\* START OF TH[^\n]*\n|\n\*\*\* END OF TH.*|\nEnd of (the )?Project Gutenberg.*", "", text)
        text = re.sub(r"(?i)\n?Produced by[^\n]*\n([^\n]+\n)*", "", text)
        yield from pieces(unwrap(re.sub(r"\b_([^_\n]+(\n[^_\n]+)?)_", r"\1", text)))


def austen(paths):
    """R objects, each compressed with its length before it. Two of the novels are held out."""
    with open(paths[0], "rb") as file:
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
        for piece in [text] if held else pieces(text):
            yield piece, "heldout-novels" if held else "train", title


def wordnet(paths):
    """Glosses, spread so that a document is not one stretch of the alphabet."""
    glosses = []
    for path in paths:
        for line in read(path).split("\n"):
            if line.startswith("  ") or " | " not in line:
                continue
            word = line.split()[4].replace("_", " ").split("(")[0]
            glosses.append(f"{word[0].upper()}{word[1:]}: {line.split(' | ', 1)[1].strip()}.")
    order = [(i * 7919) % len(glosses) for i in range(len(glosses))]
    for i in range(0, len(order), 40):
        yield "\n".join(glosses[j] for j in order[i:i + 40])


def sword(paths):
    """Compressed blocks of marked-up verses or notes: offset, size and length of each in the file beside it."""
    for path in paths:
        with open(path, "rb") as index, open(path[:-1] + "z", "rb") as file:
            blocks, data = index.read(), file.read()
        for i in range(0, len(blocks) - 11, 12):
            start, size, _ = struct.unpack("<III", blocks[i:i + 12])
            if size == 0:
                continue
            text = zlib.decompress(data[start:start + size]).decode("utf-8", "replace")
            text = re.sub(r"(?s)<(note|title|table)\b.*?</\1>", "", text)
            text = re.sub(r'</p>|<chapter[^>]*>|<lb[^>]*>|</l>|</item>|<div [^>]*type="x-p"[^>]*>', "\n\n", text)
            text = html.unescape(re.sub(r"<[^>]*>", "", text)).replace("\n\n\n", "\n\n")
            yield from pieces(unwrap(text))


def factbook(paths):
    """A country a document: the entries that are sentences."""
    for path in paths:
        paragraphs = []

        def walk(node, name):
            for key, value in node.items():
                if isinstance(value, dict):
                    walk(value, key if key != "text" else name)
                elif isinstance(value, str):
                    paragraphs.extend(("\1" + (key if key != "text" else name), re.sub(r"([^.:!?)\"'])$", r"\1.", value)))
        walk(json.loads(read(path)), "")
        yield prose(paragraphs)


def pages(paths):
    for path in paths:
        page = re.sub(r"(?is)<(script|style|pre|svg|head|nav|footer|sup)\b.*?</\1>", " ", read(path))
        page = re.sub(r"(?i)<h[1-5]\b", "\n\n\1<h1", re.sub(r"(?i)</(p|h\d|li|dt|dd|tr|td|th|div)>|<(p|li|dd|td|div|br)\b", r"\n\n\g<0>", page))
        yield from pieces(prose(re.split(r"\n\s*\n", html.unescape(re.sub(r"(?s)<[^>]*>", "", page)))))


def pod(paths):
    for path in paths:
        paragraphs = []
        for paragraph in re.split(r"\n\s*\n", read(path)):
            if paragraph[:1] in (" ", "\t") or re.match(r"=(?!head|item)", paragraph):
                continue
            for _ in range(3):
                paragraph = re.sub(r"[A-Z]<<+ (.*?) >>+", r"\1", paragraph, flags=re.S)
                paragraph = re.sub(r"[XZ]<[^<>]*>", "", re.sub(r"L<([^<>|]*)\|[^<>]*>", r"\1", paragraph))
                paragraph = paragraph.replace("E<gt>", ">").replace("E<lt>", "<")
                paragraph = re.sub(r"[BCFILS]<([^<>]*)>", r"\1", paragraph)
            paragraphs.append(re.sub(r"^=(head\d|item) ?\*?", lambda match: "\1" if match[1] != "item" else "", paragraph))
        yield from pieces(prose(paragraphs))


READERS = {"speeches": speeches, "text": plain, "austen": austen, "wordnet": wordnet, "sword": sword, "factbook": factbook, "html": pages, "pod": pod}
BOOKS = {"text", "austen", "sword"}  # whose pieces follow one another
most = {}
with open(table, encoding="utf-8") as file:
    for line in file:
        if line.startswith("#"):
            continue
        source, package, patterns, reader, limit, _ = (cell.strip() for cell in line.split("|"))
        folder = os.path.join(packages, package.lstrip("@").replace("/", "-").replace("@", "-"))
        paths = sorted({path for pattern in patterns.split() for path in glob.glob(os.path.join(folder, pattern), recursive=True)})
        if reader in ("html", "pod"):
            paths = [path for path in paths if not os.path.islink(path) and not SKIPPED_PAGES.search(path[len(folder):])]
        if not paths:
            sys.exit(f"{source}: no file of {package} matches {patterns}")
        most.setdefault(source, int(limit or 1000) * 1_000_000)
        for document in READERS[reader](paths):
            text, split, book = (*document, source)[:3] if isinstance(document, tuple) else (document, "train", source)
            documents[split].append({"text": normal(text), "source": source, "headings": reader in ("html", "pod", "factbook"), "book": book if reader in BOOKS else None})


# Nothing that is held out may come back through another package, and no paragraph comes twice.

def runs(text, step):
    """Hashes of runs of 12 words."""
    words = re.findall(r"[a-z]+", text.lower())
    return [hash(tuple(words[i:i + 12])) for i in range(0, len(words) - 11, step)]


novels = {run for item in documents["heldout-novels"] for run in runs(item["text"], 1)}
held_speeches = {run for item in documents["heldout-speeches"] for run in runs(item["text"], 1)}
seen, kept = set(), []
for item in documents["train"]:
    found = runs(item["text"], 6)
    if sum(run in novels for run in found) >= 2 or sum(run in held_speeches for run in found) > max(2, 0.05 * len(found)):
        print(f"refused, for it holds what is held out: {item['source']}: {item['text'][:100]!r}")
        continue
    paragraphs = []
    for paragraph in item["text"].split("\n\n"):
        key = hash(paragraph.lower())
        if len(paragraph) < 80 or key not in seen:
            paragraphs.append(paragraph)
        seen.add(key)
    if item["headings"]:  # whose sentences have all gone
        paragraphs = [p for p, following in zip(paragraphs, paragraphs[1:] + [""]) if is_prose(p) or following and is_prose(following)]
    item["text"] = "\n\n".join(paragraphs)
    if len(item["text"]) >= 200:
        kept.append(item)
sizes = {}
for item in kept:
    sizes[item["source"]] = sizes.get(item["source"], 0) + len(item["text"].encode())
at, documents["train"] = {}, []
for item in kept:  # of a source that is too large, documents spread over all of it
    share = min(1, most[item["source"]] / sizes[item["source"]])
    before = at.get(item["source"], 0)
    at[item["source"]] = before + share
    if int(before + share + 1e-9) > int(before + 1e-9):
        last = documents["train"][-1] if documents["train"] else item
        if share == 1 and item["book"] and item["book"] == last["book"]:  # a book is one document, so that a window of 64K tokens can lie within it
            last["parts"].append(item["text"])
        else:
            documents["train"].append(item | {"parts": [item["text"]]})
for item in documents["train"]:
    item["text"] = "\n\n".join(item["parts"])
# What is told and spoken, once more by itself, so that a plan can give it a share of its own: it is a sixth of the bytes.
LITERATURE = {"sotu", "moby-dick", "austen", "sherlock", "tom-sawyer", "opticks", "devil", "web-bible"}
documents["literature"] = [item for item in documents["train"] if item["source"] in LITERATURE]

for split, items in documents.items():
    with open(os.path.join(out, split + ".jsonl"), "w", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps({"text": item["text"], "source": item["source"]}, ensure_ascii=False) + "\n")
    sizes = {}
    for item in items:
        count, size = sizes.get(item["source"], (0, 0))
        sizes[item["source"]] = (count + 1, size + len(item["text"].encode()))
    print(f"{split}: {len(items)} documents, {sum(size for _, size in sizes.values()):,} bytes")
    for source, (count, size) in sizes.items():
        print(f"  {source:15} {count:6} {size:12,}")
