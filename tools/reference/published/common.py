"""What the published models have in common."""

import math

import torch
import torch.nn.functional as F
from torch import nn

ACTIVATIONS = {
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}


def linear(n_in, n_out, bias=False):
    return nn.Linear(n_in, n_out, bias=bias)


def rms(x, eps):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)


class Norm(nn.Module):
    """RMS norm with a weight; `name` is what the checkpoint calls it."""

    def __init__(self, width, eps, name="weight"):
        super().__init__()
        self.eps, self.name = eps, name
        self.register_parameter(name, nn.Parameter(torch.ones(width)))

    def forward(self, x):
        return getattr(self, self.name) * rms(x, self.eps)


class Glu(nn.Module):
    """down(act(gate(x)) · up(x)); `names` of gate, up and down."""

    def __init__(self, hidden, width, act, names=("gate_proj", "up_proj", "down_proj")):
        super().__init__()
        self.act, self.names = ACTIVATIONS[act], names
        for name, shape in zip(names, ((hidden, width), (hidden, width), (width, hidden))):
            self.add_module(name, linear(*shape))

    def forward(self, x):
        gate, up, down = (getattr(self, name) for name in self.names)
        return down(self.act(gate(x)) * up(x))


def experts_sum(experts, x, index, weights):
    """Σ over the chosen experts of weight · expert(x). index, weights: (T, top_k)."""
    out = torch.zeros_like(x)
    for e, expert in enumerate(experts):
        token, slot = torch.where(index == e)
        if len(token):
            out.index_add_(0, token, weights[token, slot, None] * expert(x[token]))
    return out


def inverse_frequencies(dim, theta, dtype):
    return 1.0 / theta ** (torch.arange(0, dim, 2, dtype=dtype) / dim)


def yarn_range(beta_fast, beta_slow, dim, theta, original):
    """First and last pair of the ramp between kept and interpolated frequencies."""

    def pair_of(rotations):
        return dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(theta))

    return max(math.floor(pair_of(beta_fast)), 0), min(math.ceil(pair_of(beta_slow)), dim - 1)


def angles(frequencies, n_tokens):
    """cos and sin, (n_tokens, rotary_dim / 2)."""
    phase = torch.outer(torch.arange(n_tokens, dtype=frequencies.dtype), frequencies)
    return phase.cos(), phase.sin()


def rotate_halves(x, cos, sin):
    """x (T, heads, dim): the pairs (i, i + n) of the first 2n dimensions; the rest stays."""
    n = cos.shape[-1]
    a, b, rest = x[..., :n], x[..., n : 2 * n], x[..., 2 * n :]
    cos, sin = cos[:, None], sin[:, None]
    return torch.cat([a * cos - b * sin, b * cos + a * sin, rest], -1)


def rotate_neighbours(x, cos, sin):
    """x (T, heads, dim): the pairs (2i, 2i + 1), which stay where they are."""
    a, b = x[..., 0::2], x[..., 1::2]
    cos, sin = cos[:, None], sin[:, None]
    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


def causal_attention(q, k, v, scale, logits_map=lambda s: s):
    """q (T, heads, d), k (T, kv_heads, d), v (T, kv_heads, e) → (T, heads · e).

    logits_map changes the scaled logits (heads, T, T) before the mask.
    """
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scores = logits_map(torch.einsum("thd,shd->hts", q, k) * scale)
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    weights = scores.masked_fill(future, float("-inf")).softmax(-1)
    return torch.einsum("hts,shd->thd", weights, v).flatten(1)


def soft_cap(x, cap):
    return cap * torch.tanh(x / cap)
