"""GLM-4.5, 4.5-Air and 4.6."""

from golden_case import FamilyCase
from families.deepseek import mtp_layer


def _config(**more):
    return dict(
        architectures=["Glm4MoeForCausalLM"],
        attention_dropout=0.0,
        hidden_act="silu",
        initializer_range=0.02,
        model_type="glm4_moe",
        num_nextn_predict_layers=1,
        partial_rotary_factor=0.5,
        rms_norm_eps=1e-05,
        rope_scaling=None,
        rope_theta=10000,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.54.0",
        use_cache=True,
    ) | more


CASES = [
    FamilyCase(
        "glm4-moe",
        "glm4_moe",
        "q and k norms, biases of q, k and v, half of head_dim 12 rotated, 6 heads on 2, one group, "
        "top-3 of 8 with bias, renormalised, times 2.5, first layer dense, MTP layer on disk",
        _config(
            attention_bias=True,
            eos_token_id=[140, 141, 142],
            first_k_dense_replace=1,
            head_dim=12,
            hidden_size=44,
            intermediate_size=52,
            max_position_embeddings=512,
            moe_intermediate_size=12,
            n_group=1,
            n_routed_experts=8,
            n_shared_experts=1,
            norm_topk_prob=True,
            num_attention_heads=6,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_key_value_heads=2,
            pad_token_id=140,
            routed_scaling_factor=2.5,
            topk_group=1,
            use_qk_norm=True,
            vocab_size=143,
        ),
        gguf=True,
        prompt=60,
        float32=r"e_score_correction_bias$",
        inert=frozenset(("topk_group", "num_nextn_predict_layers")),
        extra=mtp_layer,
        seed=7,
    ),
    FamilyCase(
        "glm4-moe-groups",
        "glm4_moe",
        "no q and k norms, no biases, top-3 of 9 from 2 of 3 groups, not renormalised, 2 shared "
        "experts, 7 heads on 1, head_dim 20, no dense layer, no MTP layer",
        _config(
            attention_bias=False,
            eos_token_id=[129, 130],
            first_k_dense_replace=0,
            head_dim=20,
            hidden_size=36,
            intermediate_size=28,
            max_position_embeddings=512,
            moe_intermediate_size=12,
            n_group=3,
            n_routed_experts=9,
            n_shared_experts=2,
            norm_topk_prob=False,
            num_attention_heads=7,
            num_experts_per_tok=3,
            num_hidden_layers=2,
            num_key_value_heads=1,
            num_nextn_predict_layers=0,
            pad_token_id=129,
            routed_scaling_factor=1.0,
            topk_group=2,
            use_qk_norm=False,
            vocab_size=131,
        ),
        prompt=60,
        rules=((r"e_score_correction_bias$", "select_low", 1.0),),
        float32=r"e_score_correction_bias$",
        inert=frozenset(("intermediate_size", "num_nextn_predict_layers")),
        seed=2,
    ),
]
