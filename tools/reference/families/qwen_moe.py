"""Qwen3-MoE."""

from golden_case import FamilyCase


def _config(**more):
    return dict(
        architectures=["Qwen3MoeForCausalLM"],
        attention_bias=False,
        attention_dropout=0.0,
        hidden_act="silu",
        initializer_range=0.02,
        max_window_layers=4,
        model_type="qwen3_moe",
        output_router_logits=False,
        rms_norm_eps=1e-06,
        router_aux_loss_coef=0.001,
        sliding_window=None,
        torch_dtype="bfloat16",
        transformers_version="4.51.0",
        use_cache=True,
        use_sliding_window=False,
    ) | more


_INERT = frozenset(("max_window_layers", "use_sliding_window", "rope_scaling.type"))

CASES = [
    FamilyCase(
        "qwen3-moe",
        "qwen3_moe",
        "top-3 of 8 renormalised, layer 1 dense by mlp_only_layers, q and k norms, own head_dim 20 "
        "with 7 heads on 1 (hidden 44), yarn past the original length, untied",
        _config(
            bos_token_id=140,
            decoder_sparse_step=1,
            eos_token_id=142,
            head_dim=20,
            hidden_size=44,
            intermediate_size=52,
            max_position_embeddings=160,
            mlp_only_layers=[1],
            moe_intermediate_size=12,
            norm_topk_prob=True,
            num_attention_heads=7,
            num_experts=8,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_key_value_heads=1,
            rope_scaling=dict(factor=4.0, original_max_position_embeddings=36, type="yarn"),
            rope_theta=10000.0,
            tie_word_embeddings=False,
            vocab_size=143,
        ),
        prompt=64,
        rules=((r"(q_norm|k_norm)\.weight$", "norm_wide", 1.1),),
        inert=_INERT,
    ),
    FamilyCase(
        "qwen3-moe-step",
        "qwen3_moe",
        "decoder_sparse_step 2: layers 1 and 3 of 4 sparse, top-1 of 5 not renormalised, 3 heads on "
        "3, head_dim 12, tied, attention_bias",
        _config(
            attention_bias=True,
            bos_token_id=128,
            decoder_sparse_step=2,
            eos_token_id=130,
            head_dim=12,
            hidden_size=36,
            intermediate_size=28,
            max_position_embeddings=512,
            mlp_only_layers=[],
            moe_intermediate_size=20,
            norm_topk_prob=False,
            num_attention_heads=3,
            num_experts=5,
            num_experts_per_tok=1,
            num_hidden_layers=4,
            num_key_value_heads=3,
            rope_scaling=None,
            rope_theta=10000.0,
            tie_word_embeddings=True,
            vocab_size=131,
        ),
        prompt=60,
        rules=((r"(q_norm|k_norm)\.weight$", "norm_wide", 1.7),),
        inert=_INERT,
    ),
]
