#!/usr/bin/env python3
"""Encoding speed of `frugal tokenize` against the `tokenizers` package, one thread each.

  python bench/tokenizer_speed.py TEXT TOKENIZER.json... [--frugal build/release/frugal]

TEXT is any UTF-8 file (10 MB is a good size). It is encoded twice by each side: cut into
documents at blank lines, and as one piece. The two sides run in turn, five times; the medians of
their CPU seconds are compared. Ours counts the whole process (loading the tokenizer, reading
JSON, printing ids); the package's counts its encode calls alone, the faster of encode and
encode_batch_fast. The ids must be equal.

Needs: pip install tokenizers==0.23.3
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
from tokenizers import Tokenizer  # noqa: E402  (reads the environment when imported)


def ours(frugal, tokenizer, documents):
    lines = "".join(json.dumps({"text": d}) + "\n" for d in documents)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([frugal, "tokenize", tokenizer, "--jsonl"], input=lines.encode(),
                          stdout=subprocess.PIPE, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, [json.loads(line) for line in done.stdout.splitlines()]


def timed(encode):
    start = time.process_time()
    result = encode()
    return time.process_time() - start, result


def theirs(tokenizer, documents):
    one, ids = timed(lambda: [tokenizer.encode(d, add_special_tokens=False) for d in documents])
    batch, _ = timed(lambda: tokenizer.encode_batch_fast(documents, add_special_tokens=False))
    return min(one, batch), [e.ids for e in ids]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("tokenizers", nargs="+")
    parser.add_argument("--frugal", default="build/release/frugal")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    text = open(args.text, encoding="utf-8").read()
    megabytes = len(text.encode()) / 1e6
    print(f"{'tokenizer':40} {'cut':10} {'frugal MB/s':>12} {'tokenizers MB/s':>16} {'ratio':>6}")
    for path in args.tokenizers:
        peer = Tokenizer.from_file(path)
        for cut, documents in (("documents", text.split("\n\n")), ("whole", [text])):
            a, b = [], []
            for _ in range(args.rounds):
                seconds, ids = ours(args.frugal, path, documents)
                a.append(seconds)
                seconds, expected = theirs(peer, documents)
                b.append(seconds)
                if ids != expected:
                    raise SystemExit(f"{path}: the two sides give different ids")
            x, y = statistics.median(a), statistics.median(b)
            print(f"{path[-40:]:40} {cut:10} {megabytes / x:12.2f} {megabytes / y:16.2f} "
                  f"{y / x:6.2f}", flush=True)


if __name__ == "__main__":
    main()
