#!/usr/bin/env python3
"""Writes tests/data/rope/goldens.json: rotary frequencies, cosines and sines by transformers.

    pip install -r tools/reference/requirements-rope.txt
    tools/reference/rope_goldens.py tests/data/rope/goldens.json

Frequencies come from transformers' ROPE_INIT_FUNCTIONS; "ntk_alpha" from its Hunyuan model.
"yarn_log" is Grok 2's, which transformers does not have: it is written here from the formula of
sglang's grok.py (ScalingRotaryEmbedding), in torch. Floats are printed as their float32 value.
"""

import json
import math
import sys

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.hunyuan_v1_dense.modeling_hunyuan_v1_dense import (
    HunYuanDenseV1RotaryEmbedding,
)
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

POSITIONS = [1, 1000, 131071]


def short(tensor):
    """The shortest decimals that give these float32 values back."""
    return [float(str(x)) for x in tensor.to(torch.float32).numpy()]


def yarn_log(dim, p):
    base = p["rope_theta"]
    context = p["original_max_position_embeddings"]

    def correction(rotations):
        return dim * math.log(context / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low = max(math.floor(correction(p["beta_fast"])), 0)
    high = min(math.ceil(correction(p["beta_slow"])), dim - 1)
    high += 0.001 if low == high else 0
    ramp = torch.clamp((torch.arange(dim // 2, dtype=torch.float) - low) / (high - low), 0, 1)
    share = (1 - ramp) * p["extrapolation_factor"]
    periods = base ** (torch.arange(0, dim, 2, dtype=torch.float) / dim)
    kept = 1.0 / periods
    stretched = 1.0 / (p["factor"] * periods)
    return torch.exp(torch.log(kept) * share + torch.log(stretched) * (1.0 - share)), 1.0


def frequencies(dim, parameters, max_position, seq_len):
    kind = parameters["rope_type"]
    if kind == "yarn_log":
        return yarn_log(dim, parameters)
    config = LlamaConfig(
        head_dim=dim, max_position_embeddings=max_position, rope_parameters=dict(parameters)
        if kind != "ntk_alpha" else {"rope_type": "default", "rope_theta": 1.0})
    if kind == "default":
        return LlamaRotaryEmbedding.compute_default_rope_parameters(config)
    if kind == "ntk_alpha":
        config.rope_parameters = dict(parameters)
        return HunYuanDenseV1RotaryEmbedding.compute_ntk_alpha_rope_parameters(config)
    # A running model passes the length as a tensor, so that theta is formed in float32.
    length = None if seq_len is None else torch.tensor(seq_len)
    return ROPE_INIT_FUNCTIONS[kind](config, torch.device("cpu"), seq_len=length)


def case(name, dim, parameters, max_position=4096, seq_len=None):
    inv_freq, scale = frequencies(dim, parameters, max_position, seq_len)
    inv_freq = inv_freq.to(torch.float32)
    rows = []
    for position in POSITIONS:
        angles = torch.tensor(position).float() * inv_freq
        rows.append({
            "position": position,
            "cos": short(angles.cos() * scale),
            "sin": short(angles.sin() * scale),
        })
    return {
        "name": name,
        "dim": dim,
        "max_position": max_position,
        "seq_len": seq_len or 0,
        "parameters": parameters,
        "inv_freq": short(inv_freq),
        "attention_scale": float(scale),
        "positions": rows,
    }


def main():
    def p(kind, theta=10000.0, **more):
        return {"rope_type": kind, "rope_theta": theta, **more}

    llama3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                  original_max_position_embeddings=8192)
    yarn = dict(factor=40.0, original_max_position_embeddings=4096, beta_fast=32.0, beta_slow=1.0)
    cases = [
        case("default", 64, p("default")),
        case("default, 5e5", 128, p("default", 500000.0)),
        case("default, 1e6, odd size", 54, p("default", 1000000.0)),
        case("default, smallest", 2, p("default")),
        case("linear", 20, p("linear", factor=3.0)),
        case("dynamic, short", 32, p("dynamic", factor=4.0), 2048, 100),
        case("dynamic, at the limit", 32, p("dynamic", factor=4.0), 2048, 2048),
        case("dynamic, just beyond", 32, p("dynamic", factor=4.0), 2048, 2049),
        case("dynamic, long", 40, p("dynamic", factor=2.5), 2048, 70001),
        case("ntk_alpha", 128, p("ntk_alpha", alpha=1000.0)),
        case("ntk_alpha, odd size", 36, p("ntk_alpha", 11158840.0, alpha=50.0)),
        case("llama3", 128, p("llama3", 500000.0, **llama3)),
        case("llama3, 32 times, odd size", 44, p("llama3", 500000.0, **{**llama3, "factor": 32.0})),
        case("llama3, narrow passage", 26,
             p("llama3", factor=5.0, low_freq_factor=2.0, high_freq_factor=2.5,
               original_max_position_embeddings=300)),
        case("yarn", 64, p("yarn", **yarn), 163840),
        case("yarn, mscale pair", 64, p("yarn", **yarn, mscale=0.707, mscale_all_dim=1.2), 163840),
        case("yarn, one mscale", 64, p("yarn", **yarn, mscale=0.707), 163840),
        case("yarn, attention_factor", 22, p("yarn", **yarn, attention_factor=0.9), 163840),
        case("yarn, not truncated", 64,
             p("yarn", 150000.0, factor=32.0, original_max_position_embeddings=4096,
               beta_fast=32.0, beta_slow=1.0, truncate=False), 131072),
        case("yarn, no stretch", 34,
             p("yarn", factor=1.0, original_max_position_embeddings=64, beta_fast=8.0,
               beta_slow=2.0), 64),
        case("yarn, ramp of no width", 16,
             p("yarn", factor=4.0, original_max_position_embeddings=8, beta_fast=8.0,
               beta_slow=4.0), 32),
        case("yarn_log", 128,
             p("yarn_log", 208533496.0, factor=16.0, original_max_position_embeddings=8192,
               beta_fast=8.0, beta_slow=1.0, extrapolation_factor=1.0), 131072),
        case("yarn_log, extrapolation_factor", 30,
             p("yarn_log", factor=4.0, original_max_position_embeddings=2048, beta_fast=32.0,
               beta_slow=1.0, extrapolation_factor=0.75), 8192),
    ]
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
