"""Hunyuan-Large (cross-layer attention) and Hunyuan-A13B (lists per layer), as published."""

import torch
from torch import nn

from published import common as c


def of_layer(value, index):
    return value[index] if isinstance(value, list) else value


class Attention(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.config, self.kv_heads = config, config["num_key_value_heads"]
        self.dim, bias = hidden // self.heads, config.get("attention_bias", False)
        share = config.get("cla_share_factor", 1) if config.get("use_cla", False) else 1
        self.cross = index % share != 0
        self.q_proj = c.linear(hidden, self.heads * self.dim, bias)
        self.o_proj = c.linear(self.heads * self.dim, hidden, bias)
        if not self.cross:
            self.k_proj = c.linear(hidden, self.kv_heads * self.dim, bias)
            self.v_proj = c.linear(hidden, self.kv_heads * self.dim, bias)
        self.query_layernorm = self.key_layernorm = nn.Identity()
        if config.get("use_qk_norm", False):
            self.query_layernorm = c.Norm(self.dim, config["rms_norm_eps"])
            self.key_layernorm = c.Norm(self.dim, config["rms_norm_eps"])

    def frequencies(self, dtype):
        theta, scaling = self.config["rope_theta"], self.config["rope_scaling"]
        if scaling is not None:
            if scaling["type"] != "dynamic" or not scaling.get("alpha"):
                raise ValueError("rope_scaling")
            theta = theta * scaling["alpha"] ** (self.dim / (self.dim - 2))
        return c.inverse_frequencies(self.dim, theta, dtype)

    def forward(self, x, shared):
        """shared: the projections of the layer whose keys and values this one may use."""
        q = self.q_proj(x).unflatten(-1, (self.heads, self.dim))
        if not self.cross:
            shared = [
                p(x).unflatten(-1, (self.kv_heads, self.dim)) for p in (self.k_proj, self.v_proj)
            ]
        k, v = shared
        cos, sin = c.angles(self.frequencies(x.dtype), len(x))
        q = self.query_layernorm(c.rotate_halves(q, cos, sin))
        k = self.key_layernorm(c.rotate_halves(k, cos, sin))
        return self.o_proj(c.causal_attention(q, k, v, self.dim**-0.5)), shared


class Gate(nn.Module):
    def __init__(self, hidden, n_experts, top_k):
        super().__init__()
        self.top_k = top_k
        self.wg = c.linear(hidden, n_experts)

    def forward(self, x):
        weights, index = torch.topk(self.wg(x).softmax(-1), self.top_k)
        if self.top_k > 1:  # one expert alone keeps its probability
            least = torch.finfo(torch.float32).eps
            weights = weights / weights.sum(-1, keepdim=True).clamp(min=least)
        return index, weights


class Moe(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        hidden, width = config["hidden_size"], config["intermediate_size"]
        expert = of_layer(config.get("moe_intermediate_size") or width, index)
        n_experts = of_layer(config["num_experts"], index)
        self.gate = Gate(hidden, n_experts, of_layer(config["moe_topk"], index))
        self.experts = nn.ModuleList(
            c.Glu(hidden, expert, config["hidden_act"]) for _ in range(n_experts)
        )
        if config.get("use_mixed_mlp_moe", False):
            self.shared_mlp = c.Glu(
                hidden, width * of_layer(config["num_shared_expert"], index), config["hidden_act"]
            )

    def forward(self, x):
        self.index, weights = self.gate(x)
        y = c.experts_sum(self.experts, x, self.index, weights)
        return self.shared_mlp(x) + y if hasattr(self, "shared_mlp") else y


class Layer(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        self.self_attn, self.mlp = Attention(config, index), Moe(config, index)
        self.input_layernorm = c.Norm(hidden, eps)
        self.post_attention_layernorm = c.Norm(hidden, eps)

    def forward(self, x, shared):
        y, shared = self.self_attn(self.input_layernorm(x), shared)
        x = x + y
        return x + self.mlp(self.post_attention_layernorm(x)), shared


class HunYuan(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        hidden = config["hidden_size"]
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], hidden)
        self.model.layers = nn.ModuleList(
            Layer(config, i) for i in range(config["num_hidden_layers"])
        )
        self.model.norm = c.Norm(hidden, config["rms_norm_eps"])
        if not config["tie_word_embeddings"]:
            self.lm_head = c.linear(hidden, config["vocab_size"])

    def forward(self, ids):
        x, shared = self.model.embed_tokens(ids), None
        for layer in self.model.layers:
            x, shared = layer(x, shared)
        self.routing = [layer.mlp.index for layer in self.model.layers]
        tied = self.config["tie_word_embeddings"]
        head = self.model.embed_tokens if tied else self.lm_head
        return self.model.norm(x) @ head.weight.T
