"""ERNIE-4.5 as its makers' Paddle exports: transposed and fused matrices, other names."""

import re

import torch

from golden_case import FamilyCase

_RULES = (
    (r"norm\.weight$", "norm", 1.0),
    (r"embed_tokens", "embed", 1.0),
    (r"e_score_correction_bias$", "select", 0.1),
    (r"(q_proj|k_proj)\.bias$", "shift", 4.0),
    (r"(o_proj|down_proj)\.bias$", "shift", 0.4),
    (r"\.bias$", "shift", 0.9),
    (r"mlp\.gate\.weight$", "matrix", 2.0),
    (r"\.weight$", "matrix", 1.0),
)
# What the makers' files also say; compression_ratio 1.0 divides the positions.
_INERT = frozenset(
    "compression_ratio fuse_rope head_dim moe_capacity moe_gate moe_use_aux_free "
    "num_nextn_predict_layers rope_scaling use_rmsnorm weight_share_add_bias".split()
)
_FUSED = {"qkv_proj": ("q_proj", "k_proj", "v_proj"), "up_gate_proj": ("gate_proj", "up_proj")}
_UNTRANSPOSED = re.compile(r"norm|embed_tokens|bias$")


def _to_disk(state, config):
    """(in, out) matrices; the parts of a fused one are joined along out."""
    out = {}
    for name, tensor in state.items():
        if not _UNTRANSPOSED.search(name):
            tensor = tensor.T
        name = re.sub(r"^model\.", "ernie.", name)
        for fused, parts in _FUSED.items():
            for part in parts:
                name = name.replace(f".{part}.", f".{fused}#{parts.index(part)}.")
        out[name] = tensor
    for name in [n for n in out if "#0." in n]:
        parts = [n for i in range(3) if (n := name.replace("#0.", f"#{i}.")) in out]
        out[name.replace("#0.", ".")] = torch.cat([out.pop(n) for n in parts], -1)
    return out


def _from_disk(tensors, config):
    heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
    dim = config.get("head_dim") or config["hidden_size"] // heads
    out = {}
    for name, tensor in tensors.items():
        name = re.sub(r"^ernie\.", "model.", name)
        fused = next((f for f in _FUSED if f".{f}." in name), None)
        if fused is None:
            pieces = {name: tensor}
        else:
            sizes = [n * dim for n in (heads, kv, kv)]
            if fused == "up_gate_proj":
                sizes = [tensor.shape[-1] // 2] * 2
            names = [name.replace(fused, part) for part in _FUSED[fused]]
            pieces = dict(zip(names, tensor.split(sizes, -1)))
        for piece, values in pieces.items():
            out[piece] = values if _UNTRANSPOSED.search(piece) else values.T.contiguous()
    return out


def _config(**values):
    return dict(
        bos_token_id=1,
        dtype="bfloat16",
        eos_token_id=2,
        hidden_act="silu",
        max_position_embeddings=131072,
        pad_token_id=0,
        rms_norm_eps=1e-05,
        rope_scaling=None,
        use_cache=False,
        use_rmsnorm=True,
        **values,
    )


CASES = [
    FamilyCase(
        "ernie-paddle-dense",
        "ernie4_5",
        "Paddle names and (in, out) matrices, fused qkv and up_gate, 6 heads on 2, own head_dim "
        "12, tied, no biases",
        _config(
            architectures=["Ernie4_5_ForCausalLM"],
            head_dim=12,
            hidden_size=52,
            intermediate_size=76,
            model_type="ernie4_5",
            num_attention_heads=6,
            num_hidden_layers=2,
            num_key_value_heads=2,
            rope_theta=500000.0,
            tie_word_embeddings=True,
            use_bias=False,
            vocab_size=211,
        ),
        prompt=56,
        seed=2,
        embed_std=0.05,
        rules=_RULES,
        inert=_INERT,
        to_disk=_to_disk,
        from_disk=_from_disk,
    ),
    FamilyCase(
        "ernie-paddle-dense-biases",
        "ernie4_5",
        "Paddle form with biases everywhere, untied head (hidden, vocab), 5 heads on 1, head_dim "
        "16, two shards",
        _config(
            architectures=["Ernie4_5_ForCausalLM"],
            head_dim=16,
            hidden_size=44,
            intermediate_size=60,
            model_type="ernie4_5",
            num_attention_heads=5,
            num_hidden_layers=2,
            num_key_value_heads=1,
            rope_theta=10000.0,
            tie_word_embeddings=False,
            use_bias=True,
            vocab_size=197,
        ),
        prompt=48,
        shards=2,
        seed=6,
        embed_std=0.05,
        rules=_RULES,
        inert=_INERT,
        to_disk=_to_disk,
        from_disk=_from_disk,
    ),
    FamilyCase(
        "ernie-paddle-moe",
        "ernie4_5_moe",
        "Paddle form; sparse layers 1 and 2 of 4 (start 1, end 2), bias on the "
        "probabilities, top-3 of 7, 2 shared experts, 6 heads on 2, head_dim 10, tied",
        _config(
            architectures=["Ernie4_5_MoeForCausalLM"],
            compression_ratio=1.0,
            hidden_size=60,
            intermediate_size=68,
            model_type="ernie4_5_moe",
            moe_capacity=[64, 64, 64],
            moe_gate="topk",
            moe_intermediate_size=20,
            moe_k=3,
            moe_layer_end_index=2,
            moe_layer_interval=1,
            moe_layer_start_index=1,
            moe_num_experts=7,
            moe_num_shared_experts=2,
            moe_use_aux_free=True,
            num_attention_heads=6,
            num_hidden_layers=4,
            num_key_value_heads=2,
            rope_theta=500000.0,
            tie_word_embeddings=True,
            use_bias=False,
            vocab_size=211,
        ),
        prompt=60,
        float32=r"mlp\.gate\.weight$|e_score_correction_bias$",
        seed=7,
        embed_std=0.05,
        rules=_RULES,
        inert=_INERT,
        to_disk=_to_disk,
        from_disk=_from_disk,
    ),
    FamilyCase(
        "ernie-paddle-moe-untied",
        "ernie4_5_moe",
        "Paddle form; layers 0 and 1 of 3 sparse, no shared experts, top-2 of 5, untied head "
        "(hidden, vocab), 3 heads on 3, head_dim 16",
        _config(
            architectures=["Ernie4_5_MoeForCausalLM"],
            compression_ratio=1.0,
            hidden_size=48,
            intermediate_size=68,
            model_type="ernie4_5_moe",
            moe_intermediate_size=28,
            moe_k=2,
            moe_layer_end_index=1,
            moe_layer_interval=1,
            moe_layer_start_index=0,
            moe_num_experts=5,
            moe_num_shared_experts=0,
            moe_use_aux_free=True,
            num_attention_heads=3,
            num_hidden_layers=3,
            num_key_value_heads=3,
            rope_theta=10000.0,
            tie_word_embeddings=False,
            use_bias=False,
            vocab_size=199,
        ),
        prompt=48,
        float32=r"mlp\.gate\.weight$|e_score_correction_bias$",
        seed=2,
        embed_std=0.05,
        rules=_RULES,
        inert=_INERT,
        to_disk=_to_disk,
        from_disk=_from_disk,
    ),
]
