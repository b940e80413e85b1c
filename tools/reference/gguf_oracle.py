"""An independent forward pass of dense models, in numpy and float64, straight from a GGUF file.

It shares nothing with transformers, so that a golden agrees with two implementations, and it says
how far rounding the activations to bf16 or int8 moves the logits: the bound of the faster paths.
"""

import math

import gguf
import numpy as np
from gguf import quants


def read_gguf(path):
    """(metadata, tensors in float32 with the row as first dimension)."""
    reader = gguf.GGUFReader(path)
    fields = {f.name: f.contents() for f in reader.fields.values()}
    tensors = {}
    for t in reader.tensors:
        shape = tuple(int(n) for n in reversed(t.shape))
        tensors[t.name] = quants.dequantize(t.data, t.tensor_type).reshape(shape)
    return fields, tensors


def exact(x):
    return x


def bf16(x):
    """Rounds to nearest even."""
    bits = x.astype(np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def int8(x):
    """8-bit blocks of 32 with a float scale."""
    pad = -x.shape[-1] % 32
    blocks = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, pad)]).reshape(*x.shape[:-1], -1, 32)
    scale = np.abs(blocks).max(-1, keepdims=True) / 127
    q = np.rint(blocks / np.where(scale == 0, 1, scale)) * scale
    return q.reshape(*x.shape[:-1], -1)[..., : x.shape[-1]]


def rms_norm(x, weight, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def inverse_frequencies(get, tensors, dim):
    """(dim/2) float32 and the factor on cos and sin. Float32 where the reference has it."""
    base = get("rope.freq_base")
    exponents = np.arange(0, dim, 2).astype(np.float32) / np.float32(dim)
    plain = np.float32(1) / np.power(np.float32(base), exponents)
    kind = get("rope.scaling.type", "none")
    if "rope_freqs.weight" in tensors:
        return plain / tensors["rope_freqs.weight"], 1.0
    if kind == "none":
        return plain, 1.0
    factor = get("rope.scaling.factor")
    if kind == "linear":
        return plain / np.float32(factor), 1.0
    assert kind == "yarn"
    original = get("rope.scaling.original_context_length")

    def dimension(rotations):
        return dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low = max(math.floor(dimension(get("rope.scaling.yarn_beta_fast", 32.0))), 0)
    high = min(math.ceil(dimension(get("rope.scaling.yarn_beta_slow", 1.0))), dim - 1)
    ramp = np.clip((np.arange(dim // 2) - low) / max(high - low, 0.001), 0, 1).astype(np.float32)
    scaled = plain / np.float32(factor) * ramp + plain * (1 - ramp)
    return scaled, get("rope.scaling.attn_factor", 1.0) * (0.1 * math.log(factor) + 1)


def rope(x, angles, factor, interleaved):
    """x (n_tokens, heads, dim); angles (n_tokens, dim/2)."""
    cos, sin = (np.cos(angles) * factor)[:, None], (np.sin(angles) * factor)[:, None]
    half = x.shape[-1] // 2
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])
    pair = (a * cos - b * sin, b * cos + a * sin)
    return np.stack(pair, -1).reshape(x.shape) if interleaved else np.concatenate(pair, -1)


def attention(q, k, v, window):
    """q (n, heads, dim); k, v (n, kv_heads, dim) → (n, heads · dim)."""
    n, heads, dim = q.shape
    k, v = (np.repeat(x, heads // x.shape[1], axis=1) for x in (k, v))
    scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(dim)
    distance = np.arange(n)[:, None] - np.arange(n)[None]
    scores[:, (distance < 0) | (distance >= (window or n))] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", weights, v).reshape(n, -1)


def logits_from_gguf(path, ids, rounding=exact, kv_rounding=exact):
    """(n_tokens, vocab) float64; `rounding` is applied to the input of every weight matrix,
    `kv_rounding` to the cached keys and values."""
    fields, tensors = read_gguf(path)
    arch = fields["general.architecture"]

    def get(key, default=None):
        return fields.get(f"{arch}.{key}", default)

    def linear(x, name):
        y = rounding(x) @ tensors[f"{name}.weight"].astype(np.float64).T
        return y + tensors[f"{name}.bias"] if f"{name}.bias" in tensors else y

    heads, kv_heads = get("attention.head_count"), get("attention.head_count_kv")
    dim = get("attention.key_length", get("embedding_length") // heads)
    eps, window = get("attention.layer_norm_rms_epsilon"), get("attention.sliding_window")
    frequencies, factor = inverse_frequencies(get, tensors, dim)
    positions = np.arange(len(ids), dtype=np.float32)
    angles = (positions[:, None] * frequencies).astype(np.float64)  # float32 products

    def heads_of(x, name, count):
        y = linear(x, name).reshape(len(ids), count, dim)
        norm = tensors.get(f"{name}_norm.weight")
        y = y if norm is None else rms_norm(y, norm, eps)
        return rope(y, angles, factor, interleaved=arch == "llama")

    x = tensors["token_embd.weight"][np.asarray(ids)].astype(np.float64)
    for i in range(get("block_count")):
        blk = f"blk.{i}."
        h = rms_norm(x, tensors[blk + "attn_norm.weight"], eps)
        q, k = heads_of(h, blk + "attn_q", heads), heads_of(h, blk + "attn_k", kv_heads)
        v = linear(h, blk + "attn_v").reshape(len(ids), kv_heads, dim)
        mixed = attention(q, kv_rounding(k), kv_rounding(v), window)
        x = x + linear(mixed, blk + "attn_output")
        h = rms_norm(x, tensors[blk + "ffn_norm.weight"], eps)
        gate = linear(h, blk + "ffn_gate")
        x = x + linear(gate / (1 + np.exp(-gate)) * linear(h, blk + "ffn_up"), blk + "ffn_down")
    x = rms_norm(x, tensors["output_norm.weight"], eps)
    return linear(x, "output" if "output.weight" in tensors else "token_embd")
