"""Grok-1 as Hugging Face checkpoints hold it, and Grok-2 as xAI publishes it."""

import math

import torch
from torch import nn

from published import common as c


class Grok1Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.kv_heads, self.dim = config["num_key_value_heads"], hidden // self.heads
        self.scale, self.cap = config["attn_output_multiplier"], config["max_attn_value"]
        self.q_proj = c.linear(hidden, self.heads * self.dim)
        self.k_proj = c.linear(hidden, self.kv_heads * self.dim)
        self.v_proj = c.linear(hidden, self.kv_heads * self.dim)
        self.o_proj = c.linear(self.heads * self.dim, hidden)

    def forward(self, x):
        cos, sin = c.angles(c.inverse_frequencies(self.dim, 10000.0, x.dtype), len(x))
        q = c.rotate_halves(self.q_proj(x).unflatten(-1, (self.heads, self.dim)), cos, sin)
        k = c.rotate_halves(self.k_proj(x).unflatten(-1, (self.kv_heads, self.dim)), cos, sin)
        v = self.v_proj(x).unflatten(-1, (self.kv_heads, self.dim))
        cap = self.cap
        return self.o_proj(
            c.causal_attention(q, k, v, self.scale, lambda s: c.soft_cap(s, cap))
        )


class GrokMoe(nn.Module):
    """Top-k of a softmax over all experts, the weights not renormalised."""

    def __init__(self, hidden, width, n_experts, top_k, names, cap=None):
        super().__init__()
        self.top_k, self.cap = top_k, cap
        self.gate = c.linear(hidden, n_experts)
        self.experts = nn.ModuleList(
            c.Glu(hidden, width, "gelu_tanh", names) for _ in range(n_experts)
        )

    def forward(self, x):
        logits = self.gate(x)
        if self.cap:
            logits = c.soft_cap(logits, self.cap)
        weights, self.index = torch.topk(logits.softmax(-1), self.top_k)
        return c.experts_sum(self.experts, x, self.index, weights)


class Grok1Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        self.attn = Grok1Attention(config)
        self.moe_block = GrokMoe(
            hidden, config["intermediate_size"], config["num_experts"],
            config["num_experts_per_tok"], ("linear", "linear_v", "linear_1"),
        )
        for name in ("pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm"):
            self.add_module(name, c.Norm(hidden, eps, "scale"))

    def forward(self, x):
        x = x + self.post_attn_norm(self.attn(self.pre_attn_norm(x)))
        return x + self.post_moe_norm(self.moe_block(self.pre_moe_norm(x)))


class Grok1(nn.Module):
    """Grok1ModelForCausalLM; the numbers are those of xai-org/grok-1's model.py."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config["hidden_size"]
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], hidden)
        self.model.layers = nn.ModuleList(
            Grok1Layer(config) for _ in range(config["num_hidden_layers"])
        )
        self.model.norm = c.Norm(hidden, config["rms_norm_eps"], "scale")
        if not config["tie_word_embeddings"]:
            self.lm_head = c.linear(hidden, config["vocab_size"])

    def forward(self, ids):
        x = self.model.embed_tokens(ids) * self.config["embedding_multiplier_scale"]
        for layer in self.model.layers:
            x = layer(x)
        self.routing = [layer.moe_block.index for layer in self.model.layers]
        tied = self.config["tie_word_embeddings"]
        head = self.model.embed_tokens if tied else self.lm_head
        return self.model.norm(x) @ head.weight.T * self.config["output_multiplier_scale"]


def grok2_frequencies(config, dim, dtype):
    kind, theta = config.get("rope_type"), float(int(config["rope_theta"]))
    kept = c.inverse_frequencies(dim, theta, dtype)
    if kind in (None, "original"):
        return kept
    factor, original = config["scaling_factor"], config["original_max_position_embeddings"]
    low, high = c.yarn_range(
        config.get("beta_fast", 32), config.get("beta_slow", 1), dim, theta, original
    )
    if low == high:
        low -= 0.001
    ramp = ((torch.arange(dim // 2, dtype=dtype) - low) / (high - low)).clamp(0, 1)
    mask = (1 - ramp) * config.get("extrapolation_factor", 1.0)
    if kind == "yarn_log":
        return torch.exp(kept.log() * mask + (kept / factor).log() * (1 - mask))
    if kind in ("yarn", "yarn_linear"):
        return kept / factor * (1 - mask) + kept * mask
    raise ValueError(f"rope_type {kind}")


class Grok2Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        if config.get("sliding_window_size", -1) != -1 or config.get("global_attn_every_n", 1) != 1:
            raise ValueError("sliding windows")
        self.config = config
        hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.kv_heads, self.dim = config["num_key_value_heads"], config.get("head_dim", 128)
        self.q_proj = c.linear(hidden, self.heads * self.dim)
        self.k_proj = c.linear(hidden, self.kv_heads * self.dim)
        self.v_proj = c.linear(hidden, self.kv_heads * self.dim)
        self.o_proj = c.linear(self.heads * self.dim, hidden)

    def forward(self, x):
        cos, sin = c.angles(grok2_frequencies(self.config, self.dim, x.dtype), len(x))
        q = c.rotate_halves(self.q_proj(x).unflatten(-1, (self.heads, self.dim)), cos, sin)
        k = c.rotate_halves(self.k_proj(x).unflatten(-1, (self.kv_heads, self.dim)), cos, sin)
        v = self.v_proj(x).unflatten(-1, (self.kv_heads, self.dim))
        cap = self.config.get("attn_logit_softcapping", 30.0)
        length = self.config.get("attn_temperature_len", -1)
        position = torch.arange(len(x), dtype=x.dtype)
        stretch = torch.ones_like(position)
        if length > 0:
            far = position > length
            stretch[far] = position[far].log2() / math.log2(length)

        def change(scores):  # the cap first, then the temperature of the query's position
            return c.soft_cap(scores, cap) * stretch[:, None]

        return self.o_proj(c.causal_attention(q, k, v, self.dim**-0.5, change))


class Grok2Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        self.self_attn = Grok2Attention(config)
        self.block_sparse_moe = GrokMoe(
            hidden, config.get("moe_intermediate_size", config["intermediate_size"]),
            config["num_local_experts"], config["num_experts_per_tok"], ("w1", "w3", "w2"),
            config.get("router_logit_softcapping", 30.0),
        )
        self.mlp = None
        if config.get("residual_moe", False):
            self.mlp = c.Glu(hidden, config["intermediate_size"], "gelu_tanh")
        for name in ("pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm"):
            self.add_module(name, c.Norm(hidden, eps))

    def forward(self, x):
        x = x + self.post_attn_norm(self.self_attn(self.pre_attn_norm(x)))
        h = self.pre_moe_norm(x)
        y = self.block_sparse_moe(h)
        if self.mlp is not None:
            y = (self.mlp(h) + y) / math.sqrt(2)
        return x + self.post_moe_norm(y)


class Grok2(nn.Module):
    """Grok1ForCausalLM of xai-org/grok-2, after sglang's grok.py."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config["hidden_size"]
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], hidden)
        self.model.layers = nn.ModuleList(
            Grok2Layer(config) for _ in range(config["num_hidden_layers"])
        )
        self.model.norm = c.Norm(hidden, config["rms_norm_eps"])
        self.lm_head = c.linear(hidden, config["vocab_size"])

    def forward(self, ids):
        x = self.model.embed_tokens(ids) * self.config["embedding_multiplier_scale"]
        for layer in self.model.layers:
            x = layer(x)
        self.routing = [layer.block_sparse_moe.index for layer in self.model.layers]
        logits = self.lm_head(self.model.norm(x)) * self.config["output_multiplier_scale"]
        cap = self.config.get("final_logit_softcapping")
        return c.soft_cap(logits, cap) if cap else logits
