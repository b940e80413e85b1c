"""Ling and Ring, v1 (BailingMoeForCausalLM) and 2.0 (BailingMoeV2ForCausalLM)."""

import math

import torch
from torch import nn

from published import common as c


def yarn_mscale(factor, mscale):
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1.0


def rotary(config, dim, n_tokens, dtype):
    """cos and sin with the scaling kinds that v1's code knows (2.0 uses transformers' own)."""
    theta, scaling = config["rope_theta"], config["rope_scaling"]
    kept = c.inverse_frequencies(dim, theta, dtype)
    if scaling is None:
        return c.angles(kept, n_tokens)
    if scaling["type"] != "yarn":
        raise ValueError(f"rope scaling {scaling['type']}")
    factor = scaling["factor"]
    low, high = c.yarn_range(
        scaling.get("beta_fast", 32), scaling.get("beta_slow", 1), dim, theta,
        scaling.get("original_max_position_embeddings", 4096),
    )
    if low == high:
        high += 0.001
    ramp = ((torch.arange(dim // 2, dtype=dtype) - low) / (high - low)).clamp(0, 1)
    cos, sin = c.angles(kept / factor * ramp + kept * (1 - ramp), n_tokens)
    size = yarn_mscale(factor, scaling.get("mscale", 1)) / yarn_mscale(
        factor, scaling.get("mscale_all_dim", 0)
    )
    return cos * size, sin * size


class Attention(nn.Module):
    """Both versions: fused projection; q and k norm and partial rotary are 2.0's."""

    def __init__(self, config, qk_norm, rotary_dim):
        super().__init__()
        hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.config, self.rotary_dim = config, rotary_dim
        self.kv_heads, self.dim = config["num_key_value_heads"], head_dim(config)
        rows = (self.heads + 2 * self.kv_heads) * self.dim
        self.query_key_value = c.linear(hidden, rows, config["use_qkv_bias"])
        self.dense = c.linear(self.heads * self.dim, hidden, config["use_bias"])
        self.query_layernorm = self.key_layernorm = nn.Identity()
        if qk_norm:
            self.query_layernorm = c.Norm(self.dim, config["rms_norm_eps"])
            self.key_layernorm = c.Norm(self.dim, config["rms_norm_eps"])

    def forward(self, x):
        qkv = self.query_key_value(x).unflatten(-1, (-1, self.dim))
        q, k, v = qkv.split([self.heads, self.kv_heads, self.kv_heads], 1)
        cos, sin = rotary(self.config, self.rotary_dim, len(x), x.dtype)
        q = c.rotate_halves(self.query_layernorm(q), cos, sin)
        k = c.rotate_halves(self.key_layernorm(k), cos, sin)
        return self.dense(c.causal_attention(q, k, v, self.dim**-0.5))


def head_dim(config):
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


class SoftmaxGate(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.empty(config["num_experts"], config["hidden_size"]))

    def forward(self, x):
        top_k = self.config["num_experts_per_tok"]
        weights, index = torch.topk((x @ self.weight.T).softmax(-1), top_k)
        if top_k > 1 and self.config["norm_topk_prob"]:
            weights = weights / weights.sum(-1, keepdim=True)
        return index, weights


class GroupedSigmoidGate(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.empty(config["num_experts"], config["hidden_size"]))
        self.register_buffer("expert_bias", torch.zeros(config["num_experts"]))

    def forward(self, x):
        config, scores = self.config, (x @ self.weight.T).sigmoid()
        choice = (scores + self.expert_bias).unflatten(-1, (config["n_group"], -1))
        best_two = choice.topk(2, -1).values.sum(-1)
        _, groups = torch.topk(best_two, config["topk_group"])
        outside = torch.ones_like(best_two, dtype=torch.bool).scatter(1, groups, False)
        choice = choice.masked_fill(outside[..., None], float("-inf")).flatten(1)
        _, index = torch.topk(choice, config["num_experts_per_tok"])
        weights = scores.gather(1, index)
        if config["num_experts_per_tok"] > 1:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        return index, weights * config["routed_scaling_factor"]


class Moe(nn.Module):
    def __init__(self, config, gate):
        super().__init__()
        hidden, width = config["hidden_size"], config["moe_intermediate_size"]
        self.gate = gate(config)
        self.experts = nn.ModuleList(
            c.Glu(hidden, width, config["hidden_act"]) for _ in range(config["num_experts"])
        )
        if config["num_shared_experts"]:
            self.shared_experts = c.Glu(
                hidden, width * config["num_shared_experts"], config["hidden_act"]
            )

    def forward(self, x):
        self.index, weights = self.gate(x)
        y = c.experts_sum(self.experts, x, self.index, weights)
        return y + self.shared_experts(x) if hasattr(self, "shared_experts") else y


class Layer(nn.Module):
    def __init__(self, config, attention, mlp):
        super().__init__()
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        self.attention, self.mlp = attention, mlp
        self.input_layernorm = c.Norm(hidden, eps)
        self.post_attention_layernorm = c.Norm(hidden, eps)

    def forward(self, x):
        x = x + self.attention(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class MtpLayer(Layer):
    def __init__(self, config, attention, mlp):
        super().__init__(config, attention, mlp)
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        self.enorm, self.hnorm = c.Norm(hidden, eps), c.Norm(hidden, eps)
        self.eh_proj = c.linear(2 * hidden, hidden)
        self.final_layernorm = c.Norm(hidden, eps)

    def forward(self, embedded, x):
        x = self.eh_proj(torch.cat([self.enorm(embedded), self.hnorm(x)], -1))
        return self.final_layernorm(super().forward(x))


class Bailing(nn.Module):
    def __init__(self, config, new_attention, gate):
        super().__init__()
        self.config = config
        hidden = config["hidden_size"]

        def mlp(i):
            if i >= config["first_k_dense_replace"]:
                return Moe(config, gate)
            return c.Glu(hidden, config["intermediate_size"], config["hidden_act"])

        self.depth, self.n_mtp = config["num_hidden_layers"], config["num_nextn_predict_layers"]
        self.model = nn.Module()
        self.model.word_embeddings = nn.Embedding(config["vocab_size"], hidden)
        self.model.layers = nn.ModuleList(
            [Layer(config, new_attention(), mlp(i)) for i in range(self.depth)]
            + [MtpLayer(config, new_attention(), Moe(config, gate)) for _ in range(self.n_mtp)]
        )
        self.model.norm = c.Norm(hidden, config["rms_norm_eps"])
        self.lm_head = c.linear(hidden, config["vocab_size"])

    def hidden(self, ids):
        x = self.model.word_embeddings(ids)
        for layer in self.model.layers[: self.depth]:
            x = layer(x)
        self.routing = [
            layer.mlp.index for layer in self.model.layers[: self.depth]
            if isinstance(layer.mlp, Moe)
        ]
        return self.model.norm(x)


class BailingMoe(Bailing):
    def __init__(self, config):
        config = {**config, "num_nextn_predict_layers": 0}
        super().__init__(
            config, lambda: Attention(config, False, head_dim(config)), SoftmaxGate
        )

    def forward(self, ids):
        head = self.lm_head.weight
        if self.config["norm_head"]:
            head = head / (head.norm(dim=0, keepdim=True) + 1e-7)
        return self.hidden(ids) @ head.T


class BailingMoeV2(Bailing):
    def __init__(self, config):
        rotary_dim = int(head_dim(config) * config.get("partial_rotary_factor", 1.0))
        super().__init__(
            config, lambda: Attention(config, config["use_qk_norm"], rotary_dim),
            GroupedSigmoidGate,
        )

    def forward(self, ids):
        """`mtp_logits` (T − 1, vocab): row t has read the tokens up to t + 1."""
        x = self.hidden(ids)
        logits = self.lm_head(x)
        if self.n_mtp == 1:
            embedded = self.model.word_embeddings(ids[1:])
            self.mtp_logits = self.lm_head(self.model.layers[-1](embedded, x[:-1]))
        elif self.n_mtp:
            raise ValueError("several MTP layers")
        return logits
