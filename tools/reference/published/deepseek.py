"""DeepSeek-V3 with its multi-token prediction (MTP) layer, which transformers leaves out."""

import math

import torch
from torch import nn

from published import common as c


def yarn_mscale(factor, mscale):
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1.0


class Attention(nn.Module):
    """Multi-head latent attention, expanded."""

    def __init__(self, config):
        super().__init__()
        self.config, hidden, eps = config, config["hidden_size"], config["rms_norm_eps"]
        self.heads, self.rank = config["num_attention_heads"], config["kv_lora_rank"]
        self.nope, self.rope = config["qk_nope_head_dim"], config["qk_rope_head_dim"]
        value = config["v_head_dim"]
        query = self.heads * (self.nope + self.rope)
        self.q_a_proj = c.linear(hidden, config["q_lora_rank"])
        self.q_a_layernorm = c.Norm(config["q_lora_rank"], eps)
        self.q_b_proj = c.linear(config["q_lora_rank"], query)
        self.kv_a_proj_with_mqa = c.linear(hidden, self.rank + self.rope)
        self.kv_a_layernorm = c.Norm(self.rank, eps)
        self.kv_b_proj = c.linear(self.rank, self.heads * (self.nope + value))
        self.o_proj = c.linear(self.heads * value, hidden)
        self.scale = (self.nope + self.rope) ** -0.5
        scaling = config["rope_scaling"]
        if scaling is not None and scaling["mscale_all_dim"]:
            self.scale *= yarn_mscale(scaling["factor"], scaling["mscale_all_dim"]) ** 2

    def rotary(self, n_tokens, dtype):
        theta, scaling = self.config["rope_theta"], self.config["rope_scaling"]
        kept = c.inverse_frequencies(self.rope, theta, dtype)
        if scaling is None:
            return c.angles(kept, n_tokens)
        factor = scaling["factor"]
        low, high = c.yarn_range(
            scaling["beta_fast"], scaling["beta_slow"], self.rope, theta,
            scaling["original_max_position_embeddings"],
        )
        if low == high:
            high += 0.001
        ramp = ((torch.arange(self.rope // 2, dtype=dtype) - low) / (high - low)).clamp(0, 1)
        cos, sin = c.angles(kept / factor * ramp + kept * (1 - ramp), n_tokens)
        size = yarn_mscale(factor, scaling["mscale"]) / yarn_mscale(
            factor, scaling["mscale_all_dim"]
        )
        return cos * size, sin * size

    def forward(self, x):
        q = self.q_b_proj(self.q_a_layernorm(self.q_a_proj(x))).unflatten(-1, (self.heads, -1))
        latent, k_rope = self.kv_a_proj_with_mqa(x).split([self.rank, self.rope], -1)
        kv = self.kv_b_proj(self.kv_a_layernorm(latent)).unflatten(-1, (self.heads, -1))
        cos, sin = self.rotary(len(x), x.dtype)
        k_rope = c.rotate_neighbours(k_rope[:, None], cos, sin).expand(-1, self.heads, -1)
        q_rope = c.rotate_neighbours(q[..., self.nope :], cos, sin)
        return self.o_proj(
            c.causal_attention(
                torch.cat([q[..., : self.nope], q_rope], -1),
                torch.cat([kv[..., : self.nope], k_rope], -1),
                kv[..., self.nope :],
                self.scale,
            )
        )


class Gate(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, n_experts = config, config["n_routed_experts"]
        self.weight = nn.Parameter(torch.empty(n_experts, config["hidden_size"]))
        self.e_score_correction_bias = nn.Parameter(torch.empty(n_experts))

    def forward(self, x):
        config, scores = self.config, (x @ self.weight.T).sigmoid()
        choice = (scores + self.e_score_correction_bias).unflatten(-1, (config["n_group"], -1))
        best_two = choice.topk(2, -1).values.sum(-1)
        _, groups = torch.topk(best_two, config["topk_group"])
        outside = torch.ones_like(best_two, dtype=torch.bool).scatter(1, groups, False)
        choice = choice.masked_fill(outside[..., None], float("-inf")).flatten(1)
        _, index = torch.topk(choice, config["num_experts_per_tok"])
        weights = scores.gather(1, index)
        if config["norm_topk_prob"]:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        return index, weights * config["routed_scaling_factor"]


class Moe(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, width = config["hidden_size"], config["moe_intermediate_size"]
        self.gate = Gate(config)
        self.experts = nn.ModuleList(
            c.Glu(hidden, width, config["hidden_act"])
            for _ in range(config["n_routed_experts"])
        )
        self.shared_experts = c.Glu(
            hidden, width * config["n_shared_experts"], config["hidden_act"]
        )

    def forward(self, x):
        self.index, weights = self.gate(x)
        return c.experts_sum(self.experts, x, self.index, weights) + self.shared_experts(x)


class Layer(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        self.self_attn = Attention(config)
        self.mlp = (
            Moe(config) if index >= config["first_k_dense_replace"]
            else c.Glu(hidden, config["intermediate_size"], config["hidden_act"])
        )
        self.input_layernorm = c.Norm(hidden, eps)
        self.post_attention_layernorm = c.Norm(hidden, eps)

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class MtpLayer(Layer):
    """A decoder layer over [embedding of the next token; hidden state], with its own norms.

    The checkpoint repeats the embedding and the head below it (mtp_copies of families/mtp.py).
    """

    def __init__(self, config, index):
        super().__init__(config, index)
        hidden, eps = config["hidden_size"], config["rms_norm_eps"]
        self.enorm, self.hnorm = c.Norm(hidden, eps), c.Norm(hidden, eps)
        self.eh_proj = c.linear(2 * hidden, hidden)
        self.shared_head = nn.Module()
        self.shared_head.norm = c.Norm(hidden, eps)

    def forward(self, embedded, x):
        x = self.eh_proj(torch.cat([self.enorm(embedded), self.hnorm(x)], -1))
        return self.shared_head.norm(super().forward(x))


class DeepseekV3(nn.Module):
    def __init__(self, config):
        super().__init__()
        if config["num_nextn_predict_layers"] != 1 or config["attention_bias"]:
            raise ValueError("num_nextn_predict_layers or attention_bias")
        hidden, depth = config["hidden_size"], config["num_hidden_layers"]
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], hidden)
        self.model.layers = nn.ModuleList(
            [Layer(config, i) for i in range(depth)] + [MtpLayer(config, depth)]
        )
        self.model.norm = c.Norm(hidden, config["rms_norm_eps"])
        self.lm_head = c.linear(hidden, config["vocab_size"])

    def forward(self, ids):
        """`mtp_logits` (T − 1, vocab): row t has read the tokens up to t + 1."""
        x = self.model.embed_tokens(ids)
        *layers, mtp = self.model.layers
        for layer in layers:
            x = layer(x)
        self.routing = [layer.mlp.index for layer in layers if isinstance(layer.mlp, Moe)]
        x = self.model.norm(x)
        self.mtp_logits = self.lm_head(mtp(self.model.embed_tokens(ids[1:]), x[:-1]))
        return self.lm_head(x)
