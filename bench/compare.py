#!/usr/bin/env python3
"""Frugal against llama-bench (of llama.cpp or ik_llama.cpp) on the same GGUF files.

    bench/compare.py --peer PATH/llama-bench MODEL.gguf… [--frugal PATH] [--runs 5] [-t 2]
        [-p 512] [-n 32] [--depth 0] [--flags='-rtr 1' --flags='-rtr 1 -thp 1' …] [--json FILE]

The programs run in turn, --runs times each, one repetition a time, so that both see the same noise
of the machine. Of the peer's sets of flags, each tried once beforehand, the fastest for each test
counts. Printed are medians, their ratio, the quartiles of the ratios of neighbouring runs, and the
share of the roof that Frugal reports.
"""
import argparse
import json
import statistics
import subprocess
import sys


def frugal(args, model, prompt, answer):
    command = [args.frugal, "bench", model, "-t", str(args.threads), "-p", str(prompt), "-n", str(answer),
               "-r", "1", "--depth", str(args.depth), "--json"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = json.loads(out)[1:]
    return rows[0]["tokens_per_s"], rows[0]["roof_share"]


def peer(args, model, prompt, answer, flags):
    command = [args.peer, "-m", model, "-t", str(args.threads), "-r", "1", "-o", "json"] + flags.split()
    if args.depth:
        # llama-bench measures at depth only as an answer after a prompt: -gp DEPTH,ANSWER.
        if prompt:
            sys.exit("the peer measures no prompts at depth: use -p 0 with --depth")
        command += ["-p", "0", "-n", "0", "-gp", f"{args.depth},{answer}"]
    else:
        command += ["-p", str(prompt), "-n", str(answer)]
    result = subprocess.run(command, capture_output=True, text=True)
    try:
        rows = json.loads(result.stdout[result.stdout.index("["):])
    except ValueError:
        return None
    return rows[-1]["avg_ts"] if rows else None


def compare(args, model, prompt, answer):
    tried = [(peer(args, model, prompt, answer, flags), flags) for flags in args.flags]
    tried = [each for each in tried if each[0] is not None]
    if not tried:
        return {"model": model, "error": f"{args.peer} does not run this model with any of its flags"}
    flags = max(tried)[1]
    ours, theirs, shares = [], [], []
    for _ in range(args.runs):
        speed, share = frugal(args, model, prompt, answer)
        ours.append(speed)
        shares.append(share)
        theirs.append(peer(args, model, prompt, answer, flags))
    ratios = sorted(a / b for a, b in zip(ours, theirs))
    name = f"pp{prompt}" if prompt else f"tg{answer}"
    return {
        "model": model, "test": name + (f"@d{args.depth}" if args.depth else ""),
        "frugal_tokens_per_s": statistics.median(ours), "peer_tokens_per_s": statistics.median(theirs),
        "ratio": statistics.median(ours) / statistics.median(theirs),
        "ratio_quartiles": [ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]],
        "roof_share": statistics.median(shares), "peer_flags": flags, "runs": args.runs,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.gguf")
    parser.add_argument("--peer", required=True, help="llama-bench")
    parser.add_argument("--frugal", default="build/release/frugal")
    parser.add_argument("--flags", action="append", help="a set of the peer's flags; may be repeated")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("-t", "--threads", type=int, default=2)
    parser.add_argument("-p", "--prompt", type=int, default=512)
    parser.add_argument("-n", "--answer", type=int, default=32)
    parser.add_argument("--depth", type=int, default=0)
    parser.add_argument("--json", help="write the figures there, too")
    args = parser.parse_args()
    args.flags = args.flags or ["", "-rtr 1", "-rtr 1 -thp 1"]
    rows = []
    print("| model | test | Frugal | peer | ratio | quartiles | share of roof | peer's flags |")
    print("|---|---|---|---|---|---|---|---|")
    for model in args.models:
        for prompt, answer in ((args.prompt, 0), (0, args.answer)):
            if prompt == answer == 0:
                continue
            row = compare(args, model, prompt, answer)
            rows.append(row)
            if "error" in row:
                print(f"| {model} | – | {row['error']} | | | | | |", flush=True)
                break
            low, high = row["ratio_quartiles"]
            print(f"| {model.split('/')[-1]} | {row['test']} | {row['frugal_tokens_per_s']:.1f} | "
                  f"{row['peer_tokens_per_s']:.1f} | {row['ratio']:.2f} | {low:.2f}–{high:.2f} | "
                  f"{100 * row['roof_share']:.0f}% | `{row['peer_flags']}` |", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
