"""ERNIE-4.5, dense and MoE."""

import torch

from golden_case import FamilyCase


def _config(model_type, **more):
    return dict(
        architectures=[
            "Ernie4_5ForCausalLM" if model_type == "ernie4_5" else "Ernie4_5_MoeForCausalLM"
        ],
        bos_token_id=1,
        eos_token_id=2,
        hidden_act="silu",
        initializer_range=0.02,
        model_type=model_type,
        pad_token_id=0,
        rms_norm_eps=1e-05,
        rope_scaling=None,
        rope_theta=10000.0,
        torch_dtype="bfloat16",
        transformers_version="4.54.0.dev0",
        use_cache=True,
    ) | more


def _mtp(config, layer):
    """The prediction module: norms, a projection, and a dense decoder layer."""
    hidden, ffn = config["hidden_size"], config["intermediate_size"]
    own = {
        "mtp_emb_norm.0.weight": (hidden,),
        "mtp_hidden_norm.0.weight": (hidden,),
        "mtp_linear_proj.0.weight": (hidden, 2 * hidden),
        "mtp_block.0.mlp.gate_proj.weight": (ffn, hidden),
        "mtp_block.0.mlp.up_proj.weight": (ffn, hidden),
        "mtp_block.0.mlp.down_proj.weight": (hidden, ffn),
    }
    own |= {f"mtp_block.0.{k}": v for k, v in layer.items() if not k.startswith("mlp.")}
    return {f"model.{name}": shape for name, shape in own.items()}


def _paddle(state, config):
    """Names and layouts of the -Paddle editions: fused projections, matrices (in, out)."""
    out, fused = {}, {}
    for name, tensor in state.items():
        name = name.replace("model.", "ernie.", 1)
        parts = name.rsplit(".", 2)
        group = {"q_proj": "qkv_proj", "k_proj": "qkv_proj", "v_proj": "qkv_proj",
                 "gate_proj": "up_gate_proj", "up_proj": "up_gate_proj"}.get(parts[-2])
        if group:
            fused.setdefault(f"{parts[0]}.{group}.{parts[-1]}", {})[parts[-2]] = tensor
        else:
            out[name] = tensor
    order = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj")
    for name, members in fused.items():
        out[name] = torch.cat([members[kind] for kind in order if kind in members])
    return {
        name: t.T if t.dim() == 2 and "embed_tokens" not in name and "moe_statics" not in name else t
        for name, t in out.items()
    }


def _from_paddle(state, config):
    dim = config["hidden_size"] // config["num_attention_heads"]
    widths = [dim * config["num_attention_heads"]] + [dim * config["num_key_value_heads"]] * 2
    out = {}
    for name, tensor in state.items():
        if tensor.dim() == 2 and "embed_tokens" not in name and "moe_statics" not in name:
            tensor = tensor.T
        name = name.replace("ernie.", "model.", 1)
        if ".qkv_proj." in name:
            for kind, rows in zip("qkv", tensor.split(widths)):
                out[name.replace("qkv_proj", f"{kind}_proj")] = rows.contiguous()
        elif ".up_gate_proj." in name:
            for kind, rows in zip(("gate", "up"), tensor.chunk(2)):
                out[name.replace("up_gate_proj", f"{kind}_proj")] = rows.contiguous()
        else:
            out[name] = tensor.contiguous()
    return out


CASES = [
    FamilyCase(
        "ernie4-5",
        "ernie4_5",
        "rotation in pairs, tied, 6 heads on 2, own head_dim 12 (hidden 44), no biases",
        _config(
            "ernie4_5",
            head_dim=12,
            hidden_size=44,
            intermediate_size=52,
            max_position_embeddings=512,
            num_attention_heads=6,
            num_hidden_layers=2,
            num_key_value_heads=2,
            tie_word_embeddings=True,
            use_bias=False,
            vocab_size=143,
        ),
        prompt=56,
        rules=((r"(q_proj|k_proj)\.weight$", "matrix", 1.8),),
    ),
    FamilyCase(
        "ernie4-5-biases",
        "ernie4_5",
        "use_bias: every projection has one, 7 heads on 1, head_dim 8 (hidden 36), untied",
        _config(
            "ernie4_5",
            head_dim=8,
            hidden_size=36,
            intermediate_size=60,
            max_position_embeddings=512,
            num_attention_heads=7,
            num_hidden_layers=2,
            num_key_value_heads=1,
            tie_word_embeddings=False,
            use_bias=True,
            vocab_size=131,
        ),
        prompt=56,
        rules=((r"(q_proj|k_proj)\.weight$", "matrix", 1.6),),
    ),
    FamilyCase(
        "ernie4-5-moe",
        "ernie4_5_moe",
        "top-3 of 7 with the bias on probabilities, moe_norm_min 0.6 above some sums, 2 shared "
        "experts, sparse from layer 1 to 2 of 4 by start and end, 6 heads on 2 (head_dim 8), tied, "
        "MTP tensors on disk",
        _config(
            "ernie4_5_moe",
            hidden_size=48,
            intermediate_size=28,
            max_position_embeddings=512,
            moe_capacity=[64, 64, 64],
            moe_gate="topk",
            moe_intermediate_size=12,
            moe_k=3,
            moe_layer_end_index=2,
            moe_layer_interval=1,
            moe_layer_start_index=1,
            moe_norm_min=0.6,
            moe_num_experts=7,
            moe_num_shared_experts=2,
            moe_use_aux_free=True,
            num_attention_heads=6,
            num_hidden_layers=4,
            num_key_value_heads=2,
            num_nextn_predict_layers=1,
            tie_word_embeddings=True,
            use_bias=False,
            vocab_size=143,
        ),
        prompt=60,
        rules=(
            (r"e_score_correction_bias$", "select", 0.3),
            (r"\.gate\.weight$", "matrix", 1.0),
            (r"(q_proj|k_proj)\.weight$", "matrix", 1.2),
        ),
        float32=r"(e_score_correction_bias|\.gate\.weight)$",
        inert=frozenset(
            "moe_capacity moe_gate moe_use_aux_free num_nextn_predict_layers".split()
        ),
        extra=_mtp,
    ),
    FamilyCase(
        "ernie4-5-moe-interval",
        "ernie4_5_moe",
        "interval 2: layers 1 and 3 of 4 sparse, top-2 of 5, no shared expert, biases, 3 heads on 3 "
        "(head_dim 12), untied",
        _config(
            "ernie4_5_moe",
            hidden_size=36,
            intermediate_size=44,
            max_position_embeddings=512,
            moe_capacity=[64, 64, 64],
            moe_gate="topk",
            moe_intermediate_size=20,
            moe_k=2,
            moe_layer_end_index=-1,
            moe_layer_interval=2,
            moe_layer_start_index=1,
            moe_norm_min=1e-12,
            moe_num_experts=5,
            moe_num_shared_experts=0,
            moe_use_aux_free=True,
            num_attention_heads=3,
            num_hidden_layers=4,
            num_key_value_heads=3,
            num_nextn_predict_layers=0,
            tie_word_embeddings=False,
            use_bias=True,
            vocab_size=131,
        ),
        prompt=60,
        rules=(
            (r"e_score_correction_bias$", "select", 0.3),
            (r"(q_proj|k_proj)\.weight$", "matrix", 1.4),
        ),
        float32=r"(e_score_correction_bias|\.gate\.weight)$",
        inert=frozenset(
            "moe_capacity moe_gate moe_use_aux_free num_nextn_predict_layers moe_norm_min "
            "moe_layer_start_index".split()
        ),
    ),
    FamilyCase(
        "ernie4-5-moe-paddle",
        "ernie4_5_moe",
        "tensor names and layouts of the -Paddle editions (ernie., qkv_proj, up_gate_proj, matrices "
        "stored (in, out)), top-2 of 5, 1 shared expert, use_bias, untied, 6 heads on 2 (head_dim 8)",
        _config(
            "ernie4_5_moe",
            hidden_size=48,
            intermediate_size=28,
            max_position_embeddings=512,
            moe_capacity=[64, 64, 64],
            moe_gate="topk",
            moe_intermediate_size=12,
            moe_k=2,
            moe_layer_end_index=-1,
            moe_layer_interval=1,
            moe_layer_start_index=1,
            moe_num_experts=5,
            moe_num_shared_experts=1,
            moe_use_aux_free=True,
            num_attention_heads=6,
            num_hidden_layers=3,
            num_key_value_heads=2,
            tie_word_embeddings=False,
            use_bias=True,
            vocab_size=131,
        ),
        prompt=56,
        rules=((r"e_score_correction_bias$", "select", 0.3),),
        float32=r"(e_score_correction_bias|\.gate\.weight)$",
        inert=frozenset("moe_capacity moe_gate moe_use_aux_free".split()),
        to_disk=_paddle,
        from_disk=_from_paddle,
    ),
]
