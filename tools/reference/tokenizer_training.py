"""Holds `frugal train-tokenizer` against the BPE trainer of the `tokenizers` package.

    python tools/reference/tokenizer_training.py compare FRUGAL CORPUS.jsonl… [--vocab 4096 32768]
        [--pattern gpt2 llama3 …] [--threads 2]
    python tools/reference/tokenizer_training.py golden    # writes tests/data/tokenizer_training

`compare` trains both on the same documents ("text" of every line) with the same pre-tokenizer, and says whether
vocabulary and merges are equal, whether the package reads the file that Frugal writes and encodes a million
characters of the corpus to the same ids as Frugal and as its own, and the wall time of each with so many threads,
best of three. Neither time holds reading the corpus' compression; both hold parsing its JSON, and writing the result.

Needs requirements-tokenizer.txt.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "tests" / "data" / "tokenizer_training"

# The patterns as tokenizer.json files publish them.
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
PATTERNS = {
    "gpt2": None,  # the package's own ByteLevel
    "llama3": [LLAMA3],
    "qwen2": [LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")],
    "deepseek3": [
        r"\p{N}{1,3}",
        "[一-龥぀-ゟ゠-ヿ]+",
        r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
        r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ],
}


def pre_tokenizer(pattern):
    from tokenizers import Regex, pre_tokenizers as pt
    if PATTERNS[pattern] is None:
        return pt.ByteLevel(add_prefix_space=False, use_regex=True)
    steps = [pt.Split(Regex(p), "isolated") for p in PATTERNS[pattern]]
    return pt.Sequence(steps + [pt.ByteLevel(add_prefix_space=False, use_regex=False)])


def train(texts, pattern, vocab_size, special):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(pattern)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=special, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def model_of(text):
    model = json.loads(text)["model"]
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]
    return model["vocab"], merges


def read_texts(paths):
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def best_of_3(run):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return result, min(times)


def compare(options):
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    import tokenizers
    special = ["<|endoftext|>"]
    size = sum(os.path.getsize(p) for p in options.corpus)
    print(f"{size / 1e6:.1f} MB, {options.threads} threads, tokenizers {tokenizers.__version__}")
    ok = True
    for pattern in options.pattern:
        for vocab in options.vocab:
            with tempfile.TemporaryDirectory() as out:
                command = [options.frugal, "train-tokenizer", *options.corpus, "-o", out, "--vocab-size", str(vocab),
                           "--pattern", pattern, "--special", special[0], "-t", str(options.threads)]
                _, ours = best_of_3(lambda: subprocess.run(command, check=True, stderr=subprocess.DEVNULL))

                def theirs_run():
                    tokenizer = train(read_texts(options.corpus), pattern, vocab, special)
                    tokenizer.save(os.path.join(out, "theirs.json"))
                    return tokenizer
                reference, theirs = best_of_3(theirs_run)
                path = os.path.join(out, "tokenizer.json")
                mine, want = model_of(pathlib.Path(path).read_text()), model_of(reference.to_str())
                loaded = tokenizers.Tokenizer.from_file(path)
                sample = "".join(t for _, t in zip(range(2000), read_texts(options.corpus)))[:1_000_000]
                ids = loaded.encode(sample).ids
                lines = subprocess.run([options.frugal, "tokenize", out, "--jsonl"], check=True, text=True,
                                       input=json.dumps({"text": sample}) + "\n", stdout=subprocess.PIPE).stdout
                same = {"vocabulary": mine[0] == want[0], "merges": mine[1] == want[1],
                        "ids": ids == reference.encode(sample).ids == json.loads(lines),
                        "text": loaded.decode(ids) == sample}
                ok = ok and all(same.values())
                equal = ", ".join(f"{k} {'equal' if v else 'DIFFER'}" for k, v in same.items())
                print(f"{pattern:10} {vocab:6}: {equal}; {len(mine[1])} merges; frugal {ours:.2f} s, "
                      f"tokenizers {theirs:.2f} s: {theirs / ours:.1f} times", flush=True)
    return 0 if ok else 1


def golden_text():
    """Words of a made-up language, with what patterns look for: digits, cases, marks, scripts, blanks."""
    rng = random.Random(5)
    syllables = ["ka", "to", "mi", "re", "lo", "na", "shi", "ber", "und", "the", "aa", "aaa", "ab", "abab", "é", "ß"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(400)]
    words += ["don't", "WE'LL", "数学", "こんにちは", "naïve", "x=1", "(a)", "...", "--", "🙂", "3.14159", "2026"]
    weights = [1.0 / (i + 1) for i in range(len(words))]
    rng.shuffle(words)
    documents = []
    for _ in range(120):
        text = ""
        for word in rng.choices(words, weights, k=rng.randint(1, 80)):
            text += word if rng.random() < 0.8 else word.capitalize()
            text += rng.choices([" ", "\n", "  ", "\n\n", ", ", "\t", str(rng.randint(0, 99999))],
                                [80, 3, 2, 2, 8, 1, 4])[0]
        documents.append(text)
    return documents


def golden():
    DATA.mkdir(parents=True, exist_ok=True)
    documents = golden_text()
    with open(DATA / "corpus.jsonl", "w", encoding="utf-8") as out:
        for text in documents:
            out.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    cases = {}
    for pattern in PATTERNS:
        special = ["<s>", "<|end|>"]
        tokenizer = train(documents, pattern, 900, special)
        vocab, merges = model_of(tokenizer.to_str())
        cases[pattern] = {
            "vocab_size": 900, "special": special,
            "tokens": [t for t, _ in sorted(vocab.items(), key=lambda item: item[1])],
            "merges": [[vocab[a], vocab[b]] for a, b in merges],
            "ids": [tokenizer.encode(t).ids for t in documents[:10]],
        }
    (DATA / "golden.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")) + "\n",
                                      encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    c = commands.add_parser("compare")
    c.add_argument("frugal")
    c.add_argument("corpus", nargs="+")
    c.add_argument("--vocab", type=int, nargs="+", default=[4096, 32768])
    c.add_argument("--pattern", nargs="+", default=list(PATTERNS), choices=list(PATTERNS))
    c.add_argument("--threads", type=int, default=2)
    commands.add_parser("golden")
    options = parser.parse_args()
    sys.exit(compare(options) if options.command == "compare" else golden())


if __name__ == "__main__":
    main()
