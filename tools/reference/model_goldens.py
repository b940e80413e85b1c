#!/usr/bin/env python3
"""Makes tests/data/models: tiny random checkpoints and what transformers computes from them.

    python tools/reference/model_goldens.py [NAMES…]    write these cases (all without names)
    python tools/reference/model_goldens.py --check     make all again elsewhere and compare

README.md beside this file says what is written and which conditions a golden meets.
"""

import argparse
import json
import os
import shutil
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM

import golden_model as gm
import gguf_oracle
from gguf_form import write_gguf
from families import FAMILY_CASES
from golden_case import FamilyCase
from golden_cases import CASES, COMMON_HUB_KEYS, FAMILIES, QUANT_CASES, QuantCase
from golden_family import try_family_case

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "models"
MAX_SEEDS = 200
TORCH_DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
GGUF_FILE_TYPES = {"F32": "ALL_F32", "F16": "MOSTLY_F16", "BF16": "MOSTLY_BF16"}
# The reference's own float32 rounding must stay well inside the tolerance.
MAX_REFERENCE_ERROR = gm.TOLERANCE / 3


def write_safetensors(path, tensors, metadata):
    """As the safetensors package writes, but with the metadata in a fixed order."""
    kinds = {np.dtype(np.float32): "F32", np.dtype(np.int32): "I32"}
    header, offset = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": kinds[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            f.write(np.ascontiguousarray(array).tobytes())


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def hub_config(case, family, saved):
    """config.json as the family's checkpoints on the hub have it, from the one just saved."""
    keys = set(COMMON_HUB_KEYS + family.hub_keys)
    out = {key: saved[key] for key in saved if key in keys}
    if saved.get("head_dim", 0) * saved["num_attention_heads"] not in (0, saved["hidden_size"]):
        out["head_dim"] = saved["head_dim"]
    rope = dict(saved["rope_parameters"])
    out["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    out["rope_scaling"] = None if kind == "default" else {**rope, case.type_key: kind}
    out["torch_dtype"] = saved["dtype"]
    out["transformers_version"] = "4.44.0"
    out.update(case.hub_extra)
    return dict(sorted(out.items()))


def save_checkpoint(case, family, model, folder):
    """The published form; `model` itself stays float32."""
    stored = gm.make_model(model.config)
    stored.load_state_dict(model.state_dict())
    stored.to(TORCH_DTYPES[case.dtype])
    size = sum(t.nbytes for t in stored.state_dict().values())
    limit = size if case.shards == 1 else int(size / case.shards * 1.1)
    stored.save_pretrained(folder, max_shard_size=limit)
    if len(list(folder.glob("*.safetensors"))) != case.shards:
        raise ValueError(f"{case.name}: expected {case.shards} files of weights")
    for path in folder.iterdir():
        path.chmod(0o644)
    config_path = folder / "config.json"
    saved = json.loads(config_path.read_text())
    if case.style == "hub":
        write_json(config_path, hub_config(case, family, saved))
    if case.generation:
        ids = {key: saved[key] for key in ("bos_token_id", "eos_token_id")}
        generation = {**ids, **case.generation, "transformers_version": "4.44.0"}
        write_json(folder / "generation_config.json", dict(sorted(generation.items())))


def load_checkpoint(folder):
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    wrong = [key for key, names in info.items() if names]
    if wrong:
        raise ValueError(f"{folder.name}: transformers reports {wrong}: {info}")
    return model.eval()


def reference(model, case, seed, stepwise):
    """Tensors and figures of a golden that meets every condition; Rejected otherwise."""
    config = model.config
    prompt = gm.random_prompt(config, case.prompt, seed)
    logits = gm.logits_of(model, prompt, stepwise)
    tokens, rows = gm.greedy(model, prompt, stepwise)
    distinct, margin = gm.check_greedy(config, tokens, rows)
    # The cached decode and one pass over everything must tell the same.
    whole = gm.logits_of(model, np.concatenate([prompt, tokens[:-1]]), stepwise)
    decoded = np.concatenate([logits, rows[1:]])
    cache_error = gm.row_errors(decoded, whole).max()
    if cache_error > MAX_REFERENCE_ERROR:
        raise ValueError(f"{case.name}: cached and whole passes differ by {cache_error:.1e}")
    tensor, tensor_move = gm.check_tensors(model, prompt, logits, seed, stepwise)
    change, change_move = gm.check_config(model, prompt, logits, stepwise)
    figures = {
        "reference": f"transformers {transformers.__version__}, torch {torch.__version__}, "
        "float32, CPU, eager attention",
        "forward": "one token at a time" if stepwise else "whole prompt",
        "seed": str(seed),
        "tolerance": f"{gm.TOLERANCE:.0e}",
        "greedy_distinct": str(distinct),
        "greedy_min_margin": f"{margin:.2e}",
        "smallest_tensor_move": f"{tensor_move:.2e} ({tensor})",
        "smallest_config_move": f"{change_move:.2e} ({change})",
        "cached_against_whole": f"{cache_error:.1e}",
    }
    golden = {"input_ids": prompt, "logits": logits, "greedy_ids": tokens}
    return golden, figures


def check_gguf(path, golden, figures):
    """Holds the GGUF and the golden against the independent pass, and measures the bounds."""
    ids, logits = golden["input_ids"], golden["logits"]

    def errors(*roundings):
        return gm.row_errors(gguf_oracle.logits_from_gguf(path, ids, *roundings), logits)

    worst = errors().max()
    if worst > MAX_REFERENCE_ERROR:
        raise ValueError(f"{path.name}: the independent pass differs by {worst:.1e}")
    figures["independent_pass"] = f"{worst:.1e}"
    for name, rounding in (("bf16", gguf_oracle.bf16), ("int8", gguf_oracle.int8)):
        rows = errors(rounding, gguf_oracle.bf16)
        figures[f"{name}_activations_mean"] = f"{rows.mean():.1e}"
        figures[f"{name}_activations_max"] = f"{rows.max():.1e}"


def check_dynamic(model, golden):
    """Token by token must equal one pass in which position p has the angles of length p + 1."""
    config = model.config
    rope, dim = config.rope_parameters, config.head_dim
    limit = config.max_position_embeddings
    lengths = torch.arange(1, len(golden["input_ids"]) + 1).clamp(min=limit)
    stretch = rope["factor"] * lengths / limit - (rope["factor"] - 1)
    base = rope["rope_theta"] * stretch ** (dim / (dim - 2))
    inverse = 1.0 / base[:, None] ** (torch.arange(0, dim, 2, dtype=torch.float) / dim)
    angles = torch.arange(len(lengths), dtype=torch.float)[:, None] * inverse
    angles = torch.cat([angles, angles], -1)[None]
    forward = model.model.rotary_emb.forward
    model.model.rotary_emb.forward = lambda x, position_ids: (angles.cos(), angles.sin())
    errors = gm.row_errors(gm.logits_of(model, golden["input_ids"]), golden["logits"])
    model.model.rotary_emb.forward = forward
    if errors.max() > MAX_REFERENCE_ERROR:
        raise ValueError(f"dynamic angles per position differ by {errors.max():.1e}")


def state_arrays(model):
    state = model.state_dict()
    return {name: state[name].numpy().copy() for name in gm.stored_names(model)}


def try_case(case, seed, out):
    family = FAMILIES[case.family]
    model = gm.make_model(gm.make_config(family.model_type, case.config))
    gm.randomise(model, case, seed, case.dtype)
    golden, figures = reference(model, case, seed, case.stepwise)
    folder = out / case.name
    folder.mkdir()
    save_checkpoint(case, family, model, folder)
    # What counts is what transformers reads back from the published files.
    loaded = load_checkpoint(folder)
    again = gm.logits_of(loaded, golden["input_ids"], case.stepwise)
    if not np.array_equal(again, golden["logits"]):
        raise ValueError(f"{case.name}: the saved files do not give the model's own logits")
    if case.stepwise:
        check_dynamic(loaded, golden)
    if case.gguf:
        path = out / f"{case.name}.gguf"
        write_gguf(
            path, family, model.config, state_arrays(model), lambda name: case.gguf,
            GGUF_FILE_TYPES[case.gguf], "no_vocab",
        )
        check_gguf(path, golden, figures)
    write_safetensors(folder / "golden.safetensors", golden, figures)
    return figures


def quant_type(case, gguf_name):
    stem = gguf_name.removesuffix(".weight").split(".")[-1]
    return case.types.get(stem, case.types["*"])


def try_quant_case(case, seed, out):
    family = FAMILIES[case.family]
    model = gm.make_model(gm.make_config(family.model_type, case.config))
    gm.randomise(model, case, seed, "F32")
    path = out / f"{case.name}.gguf"
    held = write_gguf(
        path, family, model.config, state_arrays(model), lambda name: quant_type(case, name),
        case.file_type, "none",
    )
    model.load_state_dict({name: torch.from_numpy(v) for name, v in held.items()}, strict=False)
    golden, figures = reference(model, case, seed, False)
    check_gguf(path, golden, figures)
    folder = out / case.name
    folder.mkdir()
    write_safetensors(folder / "golden.safetensors", golden, figures)
    return figures


def try_family(case, seed, out):
    golden, figures = try_family_case(case, seed, out)
    write_safetensors(out / case.name / "golden.safetensors", golden, figures)
    return figures


def remove(case, out):
    shutil.rmtree(out / case.name, ignore_errors=True)
    (out / f"{case.name}.gguf").unlink(missing_ok=True)


def make(case, out):
    attempt = {QuantCase: try_quant_case, FamilyCase: try_family}.get(type(case), try_case)
    for seed in range(case.seed, case.seed + MAX_SEEDS):
        remove(case, out)
        try:
            figures = attempt(case, seed, out)
        except gm.Rejected as reason:
            print(f"  {case.name}: seed {seed} rejected: {reason}", file=sys.stderr)
            continue
        print(f"{case.name}: seed {seed}", file=sys.stderr)
        for key in ("greedy_distinct", "greedy_min_margin", "expert_min_margin",
                    "smallest_tensor_move", "smallest_config_move", "cached_against_whole",
                    "float64_against_float32", "independent_pass",
                    "bf16_activations_max", "int8_activations_max"):
            if key in figures:
                print(f"  {key}: {figures[key]}", file=sys.stderr)
        return
    raise ValueError(f"{case.name}: no seed of {MAX_SEEDS} gives a usable golden")


def golden_metadata(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        return json.loads(f.read(size))["__metadata__"]


def write_table(out):
    lines = [
        "# Tiny random models and their reference logits",
        "",
        "Written by `tools/reference/model_goldens.py`, whose README says what the files hold and "
        "which conditions",
        "they meet. Do not edit.",
        "",
        "| name | family | covers | weights | GGUF | tokens | margin | tensor move |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case in CASES + QUANT_CASES + FAMILY_CASES:
        path = out / case.name / "golden.safetensors"
        if not path.exists():
            continue
        figures = golden_metadata(path)
        if isinstance(case, QuantCase):
            weights, form = "", ", ".join(sorted(set(case.types.values())))
        elif isinstance(case, FamilyCase):
            weights, form = f"{case.dtype}, hub config", "F32" if case.gguf else ""
        else:
            weights = f"{case.dtype}, {case.style} config"
            form = case.gguf or f"none: {case.no_gguf}"
        move = figures["smallest_tensor_move"].split()[0]
        lines.append(
            f"| {case.name} | {case.family} | {case.covers} | {weights} | {form} | {case.prompt} + "
            f"{gm.GREEDY_TOKENS} | {figures['greedy_min_margin']} | {move} |"
        )
    (out / "README.md").write_text("\n".join(lines) + "\n")


def compare(found, expected):
    """Problems, and the files that differ only by the rounding of logits."""
    def files(folder):
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}

    problems = [f"{name}: only on one side" for name in files(found) ^ files(expected)]
    rounded = []
    # README.md is last: its figures may round otherwise where logits do.
    for name in sorted(files(found) & files(expected), key=lambda n: (n == "README.md", n)):
        if (found / name).read_bytes() == (expected / name).read_bytes():
            continue
        if name == "README.md" and rounded:
            continue
        if not name.endswith("golden.safetensors"):
            problems.append(f"{name}: differs")
            continue
        a, b = load_file(found / name), load_file(expected / name)
        same = all(np.array_equal(a[key], b[key]) for key in ("input_ids", "greedy_ids"))
        if same and gm.row_errors(a["logits"], b["logits"]).max() < MAX_REFERENCE_ERROR:
            rounded.append(name)  # another machine's vector units
        else:
            problems.append(f"{name}: differs")
    return problems, rounded


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="cases to write; all when none is given")
    parser.add_argument("--check", action="store_true", help="compare with the committed files")
    parser.add_argument("--out", type=Path, default=DATA)
    args = parser.parse_args()
    cases = {case.name: case for case in CASES + QUANT_CASES + FAMILY_CASES}
    unknown = set(args.names) - set(cases)
    if unknown or (args.check and args.names):
        parser.error(f"no such case: {', '.join(unknown)}" if unknown else "--check takes no names")

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()

    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) if args.check else args.out
        out.mkdir(parents=True, exist_ok=True)
        for case in [cases[name] for name in args.names] or cases.values():
            make(case, out)
        write_table(out)
        if args.check:
            problems, rounded = compare(out, args.out)
            for name in rounded:
                print(f"{name}: same within {MAX_REFERENCE_ERROR:.0e}")
            for problem in problems:
                print(problem)
            print("the files differ" if problems else "the files are as the generator makes them")
            return 1 if problems else 0
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())
