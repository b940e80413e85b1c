"""MiniMax-Text-01 and M1: lightning attention and softmax attention in turn."""

import math

import torch
from torch import nn

from published import common as c


def slopes(n_heads):
    """ALiBi's slopes, also for head counts that are no power of two."""
    below = 2 ** math.floor(math.log2(n_heads))
    start = 2.0 ** -(2.0 ** -(math.log2(below) - 3))
    out = [start ** (i + 1) for i in range(below)]
    if below < n_heads:
        out += slopes(2 * below)[0::2][: n_heads - below]
    return out


class LightningAttention(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.dim, self.act = config["head_dim"], c.ACTIVATIONS[config["hidden_act"]]
        width = self.heads * self.dim
        self.qkv_proj = c.linear(hidden, 3 * width)
        self.output_gate = c.linear(hidden, width)
        self.out_proj = c.linear(width, hidden)
        # The makers' class has its own default epsilon here, not rms_norm_eps.
        self.norm = c.Norm(width, 1e-6)
        share = 1 - index / (config["num_hidden_layers"] - 1) + 1e-5
        self.decay = [slope * share for slope in slopes(self.heads)]

    def forward(self, x):
        qkv = self.act(self.qkv_proj(x)).unflatten(-1, (self.heads, 3 * self.dim))
        q, k, v = qkv.split(self.dim, -1)
        keep = torch.exp(-torch.tensor(self.decay, dtype=x.dtype))[:, None, None]
        state = torch.zeros(self.heads, self.dim, self.dim, dtype=x.dtype)
        rows = []
        for t in range(len(x)):
            state = keep * state + k[t, :, :, None] * v[t, :, None, :]
            rows.append(torch.einsum("hd,hde->he", q[t], state).flatten())
        out = self.norm(torch.stack(rows))
        return self.out_proj(self.output_gate(x).sigmoid() * out)


class SoftmaxAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.kv_heads, self.dim = config["num_key_value_heads"], config["head_dim"]
        self.rotary_dim, self.theta = config.get("rotary_dim", self.dim), config["rope_theta"]
        self.q_proj = c.linear(hidden, self.heads * self.dim)
        self.k_proj = c.linear(hidden, self.kv_heads * self.dim)
        self.v_proj = c.linear(hidden, self.kv_heads * self.dim)
        self.o_proj = c.linear(self.heads * self.dim, hidden)

    def forward(self, x):
        cos, sin = c.angles(
            c.inverse_frequencies(self.rotary_dim, self.theta, x.dtype), len(x)
        )
        q = c.rotate_halves(self.q_proj(x).unflatten(-1, (self.heads, self.dim)), cos, sin)
        k = c.rotate_halves(self.k_proj(x).unflatten(-1, (self.kv_heads, self.dim)), cos, sin)
        v = self.v_proj(x).unflatten(-1, (self.kv_heads, self.dim))
        return self.o_proj(c.causal_attention(q, k, v, self.dim**-0.5))


class Moe(nn.Module):
    def __init__(self, config):
        super().__init__()
        if config.get("shared_intermediate_size", 0):
            raise ValueError("a shared expert, which no published checkpoint has")
        hidden, n_experts = config["hidden_size"], config["num_local_experts"]
        self.top_k = config["num_experts_per_tok"]
        self.gate = c.linear(hidden, n_experts)
        self.experts = nn.ModuleList(
            c.Glu(hidden, config["intermediate_size"], config["hidden_act"], ("w1", "w3", "w2"))
            for _ in range(n_experts)
        )

    def forward(self, x):
        weights, self.index = torch.topk(self.gate(x).softmax(-1), self.top_k)
        return c.experts_sum(
            self.experts, x, self.index, weights / weights.sum(-1, keepdim=True)
        )


class Layer(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        softmax = {0: False, 1: True}[config["attn_type_list"][index]]
        self.self_attn = SoftmaxAttention(config) if softmax else LightningAttention(config, index)
        self.block_sparse_moe = Moe(config)
        self.input_layernorm = c.Norm(hidden, eps)
        self.post_attention_layernorm = c.Norm(hidden, eps)
        self.post_norm = config.get("postnorm", False)
        kinds = ("full_attention" if softmax else "linear_attention", "mlp")
        self.factors = [
            [config.get(f"layernorm_{kind}_{name}", 1) for name in ("alpha", "beta")]
            for kind in kinds
        ]

    def forward(self, x):
        parts = (
            (self.input_layernorm, self.self_attn),
            (self.post_attention_layernorm, self.block_sparse_moe),
        )
        for (norm, part), (alpha, beta) in zip(parts, self.factors):
            normed = norm(x)
            x = alpha * (normed if self.post_norm else x) + beta * part(normed)
        return x


class MiniMaxText01(nn.Module):
    def __init__(self, config):
        super().__init__()
        if len(config["attn_type_list"]) != config["num_hidden_layers"]:
            raise ValueError("attn_type_list")
        hidden = config["hidden_size"]
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], hidden)
        self.model.layers = nn.ModuleList(
            Layer(config, i) for i in range(config["num_hidden_layers"])
        )
        self.model.norm = c.Norm(hidden, config["rms_norm_eps"])
        self.lm_head = c.linear(hidden, config["vocab_size"])

    def forward(self, ids):
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x)
        self.routing = [layer.block_sparse_moe.index for layer in self.model.layers]
        return self.lm_head(self.model.norm(x))
