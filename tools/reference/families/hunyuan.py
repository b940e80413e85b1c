"""Hunyuan v1, dense and MoE (A13B)."""

from golden_case import FamilyCase

# Options of the published files that are off there, or that transformers does not read because its
# classes know one kind only.
_INERT = frozenset(
    "attention_head_dim cla_share_factor eod_token_id mlp_bias moe_drop_tokens "
    "moe_intermediate_size moe_layer_num_skipped moe_random_routing_dropped_token norm_topk_prob "
    "norm_type num_shared_expert org_vocab_size pad_id pool_type rope_scaling.beta_fast "
    "rope_scaling.beta_slow rope_scaling.factor rope_scaling.mscale rope_scaling.mscale_all_dim "
    "rope_scaling.type routed_scaling_factor sep_token_id use_cla use_mixed_mlp_moe use_qk_norm "
    "use_rotary_pos_emb".split()
)


def _config(model_type, **more):
    return dict(
        architectures=[
            "HunYuanDenseV1ForCausalLM" if model_type.endswith("dense")
            else "HunYuanMoEV1ForCausalLM"
        ],
        attention_bias=False,
        attention_dropout=0.0,
        attention_head_dim=more["head_dim"],
        bos_token_id=1,
        cla_share_factor=2,
        eod_token_id=3,
        eos_token_id=2,
        hidden_act="silu",
        initializer_range=0.02,
        mlp_bias=False,
        model_type=model_type,
        norm_type="rms",
        org_vocab_size=more["vocab_size"],
        pad_id=0,
        pad_token_id=0,
        pool_type="last",
        pretraining_tp=1,
        rms_norm_eps=1e-05,
        rope_theta=10000.0,
        torch_dtype="bfloat16",
        transformers_version="4.56.0.dev0",
        use_cache=True,
        use_cla=False,
        use_qk_norm=True,
        use_rotary_pos_emb=True,
    ) | more


def _alpha(value):
    return dict(
        alpha=value,
        beta_fast=32,
        beta_slow=1,
        factor=1.0,
        mscale=1.0,
        mscale_all_dim=1.0,
        type="dynamic",
    )


CASES = [
    FamilyCase(
        "hunyuan-dense",
        "hunyuan_v1_dense",
        "q and k norms after rope, dynamic alpha 50, 6 heads on 2, own head_dim 12 (hidden 44), tied",
        _config(
            "hunyuan_v1_dense",
            head_dim=12,
            hidden_size=44,
            intermediate_size=52,
            max_position_embeddings=512,
            num_attention_heads=6,
            num_hidden_layers=2,
            num_key_value_heads=2,
            rope_scaling=_alpha(50.0),
            tie_word_embeddings=True,
            vocab_size=143,
        ),
        prompt=56,
        rules=((r"(query|key)_layernorm\.weight$", "norm_wide", 1.8),),
        inert=_INERT,
    ),
    FamilyCase(
        "hunyuan-dense-plain",
        "hunyuan_v1_dense",
        "no rope scaling, attention_bias, 7 heads on 1, head_dim 20 (hidden 36), untied",
        _config(
            "hunyuan_v1_dense",
            attention_bias=True,
            head_dim=20,
            hidden_size=36,
            intermediate_size=60,
            max_position_embeddings=512,
            num_attention_heads=7,
            num_hidden_layers=2,
            num_key_value_heads=1,
            rope_scaling=None,
            tie_word_embeddings=False,
            vocab_size=131,
        ),
        prompt=56,
        inert=_INERT,
    ),
    FamilyCase(
        "hunyuan-moe",
        "hunyuan_v1_moe",
        "top-3 of 6 renormalised (moe_topk as a list), shared_mlp, dynamic alpha 50, 6 heads on 2, "
        "head_dim 12 (hidden 44), tied",
        _config(
            "hunyuan_v1_moe",
            head_dim=12,
            hidden_size=44,
            intermediate_size=20,
            max_position_embeddings=512,
            moe_drop_tokens=False,
            moe_intermediate_size=[20, 20],
            moe_layer_num_skipped=0,
            moe_random_routing_dropped_token=False,
            moe_topk=[3, 3],
            norm_topk_prob=True,
            num_attention_heads=6,
            num_experts=6,
            num_hidden_layers=2,
            num_key_value_heads=2,
            num_shared_expert=[1, 1],
            rope_scaling=_alpha(50.0),
            routed_scaling_factor=1.0,
            sep_token_id=4,
            tie_word_embeddings=True,
            use_mixed_mlp_moe=True,
            vocab_size=143,
        ),
        prompt=60,
        rules=((r"(query|key)_layernorm\.weight$", "norm_wide", 1.7),),
        float32=r"\.gate\.wg\.weight$",
        inert=_INERT,
    ),
    FamilyCase(
        "hunyuan-moe-plain",
        "hunyuan_v1_moe",
        "top-2 of 5, alpha 1000, 7 heads on 1, head_dim 20 (hidden 36), untied, moe_topk as a number",
        _config(
            "hunyuan_v1_moe",
            head_dim=20,
            hidden_size=36,
            intermediate_size=12,
            max_position_embeddings=512,
            moe_drop_tokens=False,
            moe_intermediate_size=12,
            moe_layer_num_skipped=0,
            moe_random_routing_dropped_token=False,
            moe_topk=2,
            norm_topk_prob=True,
            num_attention_heads=7,
            num_experts=5,
            num_hidden_layers=2,
            num_key_value_heads=1,
            num_shared_expert=1,
            rope_scaling=_alpha(1000.0),
            routed_scaling_factor=1.0,
            sep_token_id=4,
            tie_word_embeddings=False,
            use_mixed_mlp_moe=True,
            vocab_size=131,
        ),
        prompt=56,
        float32=r"\.gate\.wg\.weight$",
        inert=_INERT,
    ),
]
