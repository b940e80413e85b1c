"""An independent forward pass of the families in numpy and float64, straight from a GGUF file.

It shares nothing with transformers but the reading of what each architecture is; the parts that dense
Llama-like models need are gguf_oracle's.
"""

import math

import numpy as np

from gguf_oracle import read_gguf, rms_norm, rope

PAIRS = ("llama", "mistral3", "deepseek2", "glm4", "ernie4_5", "ernie4_5-moe")  # others: by halves
# Where the norm before the feed-forward network is called post_attention_norm.
POST_ATTENTION = ("seed_oss", "gpt-oss", "glm4moe", "qwen3next")
# Expert weights are divided by their sum though no key says so.
RENORMALISED = ("qwen3moe", "qwen3next", "llama", "hunyuan-moe", "ernie4_5-moe", "minimax-m2")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softplus(x):
    return np.log1p(np.exp(x))


def frequencies(model, dim):
    """(dim/2) float32, the factor on cos and sin, and the factor on scores."""
    get, base = model.get, model.get("rope.freq_base")
    plain = 1 / np.power(np.float32(base), np.arange(0, dim, 2, dtype=np.float32) / np.float32(dim))
    if "rope_freqs.weight" in model.tensors:
        return plain / model.tensors["rope_freqs.weight"], 1.0, 1.0
    if get("rope.scaling.type", "none") == "none":
        return plain, 1.0, 1.0
    factor, original = get("rope.scaling.factor"), get("rope.scaling.original_context_length")

    def dimension(rotations):
        return dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low = dimension(get("rope.scaling.yarn_beta_fast"))
    high = dimension(get("rope.scaling.yarn_beta_slow"))
    if model.arch != "gpt-oss":  # which does not truncate
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    ramp = np.clip((np.arange(dim // 2) - low) / max(high - low, 0.001), 0, 1).astype(np.float32)
    scaled = plain / np.float32(factor) * ramp + plain * (1 - ramp)
    multiplier = get("rope.scaling.yarn_log_multiplier")
    if model.arch == "deepseek2":
        return scaled, 1.0, (1 + multiplier * math.log(factor)) ** 2
    own = 0.1 * math.log(factor) + 1
    return scaled, own / (0.1 * (multiplier or 0) * math.log(factor) + 1), 1.0


def attend(q, k, v, scale, window=0, sinks=None):
    """q (n, heads, dk), k (n, kv_heads, dk), v (n, kv_heads, dv) → (n, heads, dv)."""
    n, heads, _ = q.shape
    k, v = (np.repeat(x, heads // x.shape[1], axis=1) for x in (k, v))
    scores = np.einsum("qhd,khd->hqk", q, k) * scale
    distance = np.arange(n)[:, None] - np.arange(n)[None]
    scores[:, (distance < 0) | (distance >= (window or n))] = -np.inf
    if sinks is not None:
        column = np.broadcast_to(sinks.astype(np.float64)[:, None, None], (heads, n, 1))
        scores = np.concatenate([scores, column], -1)
    return np.einsum("hqk,khd->qhd", softmax(scores)[..., :n], v)


class Model:
    def __init__(self, path):
        self.fields, self.tensors = read_gguf(path)
        self.arch = self.fields["general.architecture"]
        self.eps = self.get("attention.layer_norm_rms_epsilon")
        self.heads, self.kv_heads = self.get("attention.head_count"), self.get(
            "attention.head_count_kv"
        )
        self.dim = self.get("attention.key_length")
        self.pairs = self.arch in PAIRS

    def get(self, key, default=None):
        return self.fields.get(f"{self.arch}.{key}", default)

    def tensor(self, name):
        return self.tensors.get(name)

    def linear(self, x, name):
        y = x @ self.tensors[f"{name}.weight"].astype(np.float64).T
        return y + self.tensors[f"{name}.bias"] if f"{name}.bias" in self.tensors else y

    def norm(self, x, name):
        return rms_norm(x, self.tensors[f"{name}.weight"].astype(np.float64), self.eps)

    def rotate(self, x, factor):
        n_rot = 2 * self.angles.shape[1]
        turned = rope(x[..., :n_rot], self.angles, factor, self.pairs)
        return np.concatenate([turned, x[..., n_rot:]], -1)


def gqa(m, h, blk, layer):
    n = len(h)
    q = m.linear(h, blk + "attn_q")
    k, v = m.linear(h, blk + "attn_k"), m.linear(h, blk + "attn_v")
    gate = None
    if m.arch == "qwen3next":
        q, gate = np.split(q.reshape(n, m.heads, -1), 2, -1)
    if m.arch == "minimax-m2":  # over the whole projection
        q, k = m.norm(q, blk + "attn_q_norm"), m.norm(k, blk + "attn_k_norm")
    q, k = q.reshape(n, m.heads, m.dim), k.reshape(n, m.kv_heads, m.dim)
    per_head = blk + "attn_q_norm.weight" in m.tensors and m.arch != "minimax-m2"
    late = m.arch.startswith("hunyuan")
    if per_head and not late:
        q, k = m.norm(q, blk + "attn_q_norm"), m.norm(k, blk + "attn_k_norm")
    q, k = m.rotate(q, m.factor), m.rotate(k, m.factor)
    if per_head and late:
        q, k = m.norm(q, blk + "attn_q_norm"), m.norm(k, blk + "attn_k_norm")
    if beta := m.get("attention.temperature_scale"):
        original = m.get("rope.scaling.original_context_length")
        q = q * (1 + beta * np.log(1 + np.arange(n) // original))[:, None, None]
    window = m.get("attention.sliding_window", 0)
    if m.arch == "gpt-oss" and layer % 2:
        window = 0
    out = attend(
        q, k, v.reshape(n, m.kv_heads, m.dim), 1 / math.sqrt(m.dim), window,
        m.tensor(blk + "attn_sinks.weight"),
    )
    if gate is not None:
        out = out * sigmoid(gate)
    return m.linear(out.reshape(n, -1), blk + "attn_output")


def mla(m, h, blk):
    """Expanded: keys and values of every head from the latent."""
    n, latent = len(h), m.get("attention.kv_lora_rank")
    n_rot, dim = m.get("rope.dimension_count"), m.get("attention.key_length_mla")
    if blk + "attn_q.weight" in m.tensors:
        q = m.linear(h, blk + "attn_q")
    else:
        q = rms_norm(m.linear(h, blk + "attn_q_a"), m.tensors[blk + "attn_q_a_norm.weight"], 1e-6)
        q = m.linear(q, blk + "attn_q_b")
    q = q.reshape(n, m.heads, dim)
    kv = m.linear(h, blk + "attn_kv_a_mqa")
    c = rms_norm(kv[:, :latent], m.tensors[blk + "attn_kv_a_norm.weight"], 1e-6)
    q_rot = rope(q[..., dim - n_rot :], m.angles, 1.0, True)
    k_rot = rope(kv[:, None, latent:], m.angles, 1.0, True)
    k = np.einsum("nc,hcd->nhd", c, m.tensors[blk + "attn_k_b.weight"].astype(np.float64))
    v = np.einsum("nc,hdc->nhd", c, m.tensors[blk + "attn_v_b.weight"].astype(np.float64))
    q = np.concatenate([q[..., : dim - n_rot], q_rot], -1)
    k = np.concatenate([k, np.repeat(k_rot, m.heads, 1)], -1)
    out = attend(q, k, v, m.score_factor / math.sqrt(dim))
    return m.linear(out.reshape(n, -1), blk + "attn_output")


def gated_delta(m, h, blk):
    n = len(h)
    k_heads, v_heads = m.get("ssm.group_count"), m.get("ssm.time_step_rank")
    dk, dv = m.get("ssm.state_size"), m.get("ssm.inner_size") // v_heads
    x, kernel = m.linear(h, blk + "attn_qkv"), m.tensors[blk + "ssm_conv1d.weight"]
    padded = np.concatenate([np.zeros((kernel.shape[1] - 1, x.shape[1])), x])
    x = silu(sum(padded[i : i + n] * kernel[:, i] for i in range(kernel.shape[1])))
    q, k, v = np.split(x, [k_heads * dk, 2 * k_heads * dk], -1)
    q, k = (y.reshape(n, k_heads, dk) for y in (q, k))
    q, k = (y / np.sqrt((y * y).sum(-1, keepdims=True) + 1e-6) for y in (q, k))
    q, k = (np.repeat(y, v_heads // k_heads, 1) for y in (q / math.sqrt(dk), k))
    v = v.reshape(n, v_heads, dv)
    b, a = np.split(m.linear(h, blk + "ssm_ba").reshape(n, k_heads, -1), 2, -1)
    beta, a = sigmoid(b.reshape(n, v_heads)), a.reshape(n, v_heads)
    decay = np.exp(m.tensors[blk + "ssm_a"] * softplus(a + m.tensors[blk + "ssm_dt.bias"]))
    state, out = np.zeros((v_heads, dk, dv)), np.empty((n, v_heads, dv))
    for t in range(n):
        state *= decay[t][:, None, None]
        delta = (v[t] - np.einsum("hkv,hk->hv", state, k[t])) * beta[t][:, None]
        state += k[t][:, :, None] * delta[:, None]
        out[t] = np.einsum("hkv,hk->hv", state, q[t])
    z = m.linear(h, blk + "attn_gate").reshape(n, v_heads, dv)
    out = m.norm(out, blk + "ssm_norm") * silu(z)
    return m.linear(out.reshape(n, -1), blk + "ssm_out")


def choose(m, h, blk):
    """(experts, weights), each (n, top_k)."""
    top_k, n = m.get("expert_used_count"), len(h)
    logits = m.linear(h, blk + "ffn_gate_inp")
    if m.arch == "gpt-oss":
        chosen = np.argsort(-logits, -1, kind="stable")[:, :top_k]
        return chosen, softmax(np.take_along_axis(logits, chosen, -1))
    scores = sigmoid(logits) if m.get("expert_gating_func") == 2 else softmax(logits)
    bias = m.tensor(blk + "exp_probs_b.bias")
    ranked = scores if bias is None else scores + bias.reshape(-1)
    groups, kept = m.get("expert_group_count", 1), m.get("expert_group_used_count", 1)
    if groups > 1:
        by_group = np.sort(ranked.reshape(n, groups, -1), -1)
        worth = by_group[..., -1] if bias is None else by_group[..., -2:].sum(-1)
        best = np.argsort(-worth, -1, kind="stable")[:, :kept]
        open_ = np.zeros((n, groups), bool)
        np.put_along_axis(open_, best, True, -1)
        ranked = np.where(np.repeat(open_, ranked.shape[1] // groups, 1), ranked, -np.inf)
    chosen = np.argsort(-ranked, -1, kind="stable")[:, :top_k]
    weights = np.take_along_axis(scores, chosen, -1)
    if m.arch in RENORMALISED or m.get("expert_weights_norm", False):
        weights = weights / weights.sum(-1, keepdims=True)
    return chosen, weights * m.get("expert_weights_scale", 1.0)


def swiglu(m, gate, up):
    if m.arch != "gpt-oss":
        return silu(gate) * up
    gate, up = np.minimum(gate, 7.0), np.clip(up, -7.0, 7.0)
    return (up + 1) * gate * sigmoid(1.702 * gate)


def moe(m, h, blk):
    chosen, weights = choose(m, h, blk)
    out = np.zeros_like(h)

    def expert(x, kind, e):
        y = x @ m.tensors[f"{blk}ffn_{kind}_exps.weight"][e].astype(np.float64).T
        bias = m.tensor(f"{blk}ffn_{kind}_exps.bias")
        return y if bias is None else y + bias[e]

    for e in range(m.get("expert_count")):
        rows, slots = np.where(chosen == e)
        x = h[rows]
        y = expert(swiglu(m, expert(x, "gate", e), expert(x, "up", e)), "down", e)
        out[rows] += y * weights[rows, slots][:, None]
    if blk + "ffn_up_shexp.weight" in m.tensors:
        gate, up = m.linear(h, blk + "ffn_gate_shexp"), m.linear(h, blk + "ffn_up_shexp")
        shared = m.linear(silu(gate) * up, blk + "ffn_down_shexp")
        if blk + "ffn_gate_inp_shexp.weight" in m.tensors:
            shared = shared * sigmoid(m.linear(h, blk + "ffn_gate_inp_shexp"))
        out = out + shared
    return out


def feed_forward(m, h, blk, layer):
    if blk + "ffn_gate_inp.weight" in m.tensors:
        return moe(m, h, blk)
    up = m.linear(h, blk + "ffn_up")
    if m.arch == "apertus":
        alpha_p, alpha_n, beta, eps = (
            m.fields[f"xielu.{key}"][layer] for key in ("alpha_p", "alpha_n", "beta", "eps")
        )
        positive = softplus(alpha_p) * up * up + beta * up
        negative = (np.expm1(np.minimum(up, eps)) - up) * (beta + softplus(alpha_n)) + beta * up
        inner = np.where(up > 0, positive, negative)
    elif m.arch == "glm4":
        gate, up = np.split(up, 2, -1)
        inner = silu(gate) * up
    else:
        inner = silu(m.linear(h, blk + "ffn_gate")) * up
    return m.linear(inner, blk + "ffn_down")


def logits_from_gguf(path, ids):
    """(n_tokens, vocab) float64."""
    m = Model(path)
    plain, m.factor, m.score_factor = frequencies(m, m.get("rope.dimension_count"))
    positions = np.arange(len(ids), dtype=np.float32)
    m.angles = (positions[:, None] * plain).astype(np.float64)  # float32 products
    x = m.tensors["token_embd.weight"][np.asarray(ids)].astype(np.float64)
    interval = m.get("full_attention_interval", 1)
    for i in range(m.get("block_count") - m.get("nextn_predict_layers", 0)):
        blk = f"blk.{i}."
        h = m.norm(x, blk + "attn_norm")
        if m.arch == "deepseek2":
            h = mla(m, h, blk)
        elif (i + 1) % interval:
            h = gated_delta(m, h, blk)
        else:
            h = gqa(m, h, blk, i)
        if m.arch == "glm4":
            h = m.norm(h, blk + "post_attention_norm")
        x = x + h
        before = "post_attention_norm" if m.arch in POST_ATTENTION else "ffn_norm"
        h = feed_forward(m, m.norm(x, blk + before), blk, i)
        if m.arch == "glm4":
            h = m.norm(h, blk + "post_ffw_norm")
        x = x + h
    x = m.norm(x, "output_norm")
    return m.linear(x, "output" if "output.weight" in m.tensors else "token_embd")
