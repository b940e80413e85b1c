"""ERNIE-4.5, dense and MoE."""

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
]
