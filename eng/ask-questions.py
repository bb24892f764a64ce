#!/usr/bin/env python3
"""Asks a model all that a file of everyday chats and documents asks, written without a look at what training generates, and counts right answers.
  eng/ask-questions.py eng/everyday-questions.jsonl rwkvx [--model DIR ...]

Each line is a case: "kind", "document" or none, "turns" of what to "say" and, for a question, what to "expect" (any of), "expect_all" (in order, "count" lines) or "unknown".
Each case is one 'rwkvx chat --temperature 0' with all its turns on stdin. After each turn
'/stats' is sent: the four lines it prints mark where the (possibly many-line) answer ends.
Wrong answers go to FILE.wrong.txt, the scores to stdout."""
import json, os, re, subprocess, sys, tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

STATS = re.compile(r"^tokens remembered: .*\n(?:last turn: .*\n)?(?:state bytes: .*\n)?(?:tokens/s: .*(?:\n|\Z))?", re.M)
UNKNOWN = re.compile(
    r"\b(?:not|n't|never|cannot|can't)\b[^.!?]{0,30}\b(?:know|known|mention|mentioned|told|tell|said|say|says|stated|sure|given|specified|written|find|have that)\b"
    r"|\b(?:do not|don't|dont) know\b|\bno idea\b|\bno information\b|\bunknown\b|\bn't (?:know|mention|tell|told|say|said|sure|find)"
    r"|\b(?:doesn't|didn't|haven't|hasn't|isn't|wasn't|don't)\b[^.!?]{0,20}\b(?:know|mention\w*|told|tell|said|say|stated|given|specified)\b", re.I)
ITEM = re.compile(r"^\s*(?:\d+[.)]|[-*])\s+\S")

def ask(case, tool, flags):
    """The answers to the turns of a case, one each."""
    cmd = [tool, "chat", "--temperature", "0"]
    path = None
    try:
        if "document" in case:
            fd, path = tempfile.mkstemp(suffix=".txt", prefix="rwkvx")
            with os.fdopen(fd, "w") as f:
                f.write(case["document"] + "\n")
            cmd += ["--document", path]
        lines = "".join(t["say"] + "\n/stats\n" for t in case["turns"]) + "/exit\n"
        p = subprocess.run(cmd + flags, input=lines, capture_output=True, text=True, timeout=900)
    finally:
        if path:
            os.unlink(path)
    parts = STATS.split(p.stdout)
    if p.returncode != 0 or len(parts) != len(case["turns"]) + 1 or parts[-1].strip():
        raise RuntimeError("cannot tell the answers apart (exit %d, %d parts for %d turns)\n%s\n%s"
                           % (p.returncode, len(parts) - 1, len(case["turns"]), p.stdout, p.stderr))
    return [a.strip() for a in parts[:-1]]

def judge(turn, answer):
    """None for a statement, else (what kind of question, right?, what was expected)."""
    low = answer.lower()
    if turn.get("unknown"):
        return " unknown", bool(UNKNOWN.search(answer)), "(not known)"
    if "expect_all" in turn:
        at, ok = 0, True
        for e in turn["expect_all"]:
            j = low.find(e.lower(), at)
            if j < 0:
                ok = False
                break
            at = j + len(e)
        want = " > ".join(turn["expect_all"])
        if "count" in turn:
            n = sum(1 for l in answer.splitlines() if ITEM.match(l))
            ok = ok and n == turn["count"]
            want += " (%d lines)" % turn["count"]
        return " lists", ok, want
    if "expect" in turn:
        return "", any(e.lower() in low for e in turn["expect"]), " | ".join(turn["expect"])
    return None

def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    path, tool, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(path) as f:
        cases = [json.loads(l) for l in f if l.strip()]
    right, total = Counter(), Counter()
    with ThreadPoolExecutor(2) as pool, open(path + ".wrong.txt", "w") as wrong:
        for no, (case, answers) in enumerate(zip(cases, pool.map(lambda c: ask(c, tool, flags), cases)), 1):
            for turn, answer in zip(case["turns"], answers):
                j = judge(turn, answer)
                if j is None:
                    continue
                what, ok, want = j
                name = case["kind"] + what
                total[name] += 1
                right[name] += ok
                if not ok:
                    wrong.write("case %d, %s\n  asked:    %s\n  expected: %s\n  found:    %s\n"
                                % (no, name, turn["say"], want, answer.replace("\n", "\n            ")))
    for name in sorted(total):
        print("%s: %d of %d" % (name, right[name], total[name]))
    print("total: %d of %d" % (sum(right.values()), sum(total.values())))

if __name__ == "__main__":
    main()
