"""Ling and Ring: v1 and 2.0."""

from golden_case import FamilyCase
from published.bailing import BailingMoe, BailingMoeV2

_RULES = (
    (r"(norm|layernorm)\.weight$", "norm", 1.0),
    (r"word_embeddings", "embed", 1.0),
    (r"expert_bias$", "select_low", 1.0),
    (r"query_key_value\.bias$", "shift", 1.0),
    (r"\.bias$", "shift", 0.6),
    (r"query_key_value\.weight$", "matrix", 1.3),
    (r"gate\.weight$", "matrix", 2.5),
    (r"\.weight$", "matrix", 1.0),
)
_INERT = frozenset(
    "embedding_dropout output_dropout norm_softmax score_function router_dtype use_rmsnorm "
    "moe_router_enable_expert_bias max_window_layers moe_shared_expert_intermediate_size "
    "rotary_dim mtp_loss_scaling_factor".split()
)
_SOURCE_1 = (
    "inclusionAI/Ling 5ccaeae modeling_bailing_moe.py, whose own layers in float32 agree to 2e-6"
)
_SOURCE_2 = (
    "inclusionAI/Ling-V2 af8837e modeling_bailing_moe_v2.py, whose own layers in float32 agree to "
    "1e-6"
)


def _v1(**values):
    return dict(
        architectures=["BailingMoeForCausalLM"],
        attention_dropout=0.0,
        auto_map=dict(AutoConfig="configuration_bailing_moe.BailingMoeConfig"),
        bos_token_id=None,
        embedding_dropout=0.0,
        hidden_act="silu",
        initializer_range=0.006,
        max_position_embeddings=16384,
        model_type="bailing_moe",
        norm_softmax=False,
        output_dropout=0.0,
        pretraining_tp=1,
        rms_norm_eps=1e-06,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.36.0",
        use_cache=True,
        **values,
    )


def _v2(**values):
    return dict(
        architectures=["BailingMoeV2ForCausalLM"],
        attention_dropout=0.0,
        auto_map=dict(AutoConfig="configuration_bailing_moe_v2.BailingMoeV2Config"),
        embedding_dropout=0.0,
        hidden_act="silu",
        initializer_range=0.02,
        max_position_embeddings=32768,
        max_window_layers=20,
        moe_router_enable_expert_bias=True,
        norm_topk_prob=True,
        output_dropout=0.0,
        rms_norm_eps=1e-06,
        rope_scaling=None,
        router_dtype="fp32",
        score_function="sigmoid",
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.52.3",
        use_cache=True,
        use_rmsnorm=True,
        **values,
    )


CASES = [
    FamilyCase(
        "ling1-norm-head",
        "bailing_moe",
        "norm_head, fused qkv of 5 heads on 1, head_dim 12, top-3 of 7 renormalised, 2 shared "
        "experts, every layer sparse",
        _v1(
            eos_token_id=210,
            first_k_dense_replace=0,
            hidden_size=60,
            intermediate_size=76,
            moe_intermediate_size=28,
            norm_head=True,
            norm_topk_prob=True,
            num_attention_heads=5,
            num_experts=7,
            num_experts_per_tok=3,
            num_hidden_layers=2,
            num_key_value_heads=1,
            num_shared_experts=2,
            pad_token_id=210,
            rope_scaling=None,
            rope_theta=600000,
            use_bias=False,
            use_qkv_bias=False,
            vocab_size=211,
        ),
        prompt=56,
        module=BailingMoe,
        source=_SOURCE_1,
        embed_std=0.03,
        rules=_RULES,
        # No layer is dense.
        inert=_INERT | {"auto_map.*", "intermediate_size"},
    ),
    FamilyCase(
        "ling1-biases",
        "bailing_moe",
        "no norm_head, biases, own head_dim 20, 4 heads on 2, first layer dense, top-2 of 5 not "
        "renormalised, one shared expert, yarn past the original length, two shards",
        _v1(
            eos_token_id=198,
            first_k_dense_replace=1,
            head_dim=20,
            hidden_size=44,
            intermediate_size=68,
            moe_intermediate_size=36,
            norm_head=False,
            norm_topk_prob=False,
            num_attention_heads=4,
            num_experts=5,
            num_experts_per_tok=2,
            num_hidden_layers=3,
            num_key_value_heads=2,
            num_shared_experts=1,
            pad_token_id=198,
            rope_scaling=dict(
                type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=2.5,
                beta_slow=0.3, mscale=1.0, mscale_all_dim=0.5,
            ),
            rope_theta=1000,
            use_bias=True,
            use_qkv_bias=True,
            vocab_size=199,
        ),
        prompt=60,
        seed=2,
        module=BailingMoe,
        source=_SOURCE_1,
        shards=2,
        embed_std=0.05,
        rules=_RULES,
        inert=_INERT | {"auto_map.*", "rope_scaling.type"},
    ),
    FamilyCase(
        "ling2-groups",
        "bailing_moe_v2",
        "q and k norms, rope on half of 20 dimensions, sigmoid routing with bias, 2 of 4 groups, "
        "top-3 of 12, scale 2.5, first layer dense, model_type bailing_moe as Ling-mini-2.0 has it",
        _v2(
            eos_token_id=210,
            first_k_dense_replace=1,
            head_dim=20,
            hidden_size=52,
            intermediate_size=68,
            model_type="bailing_moe",
            moe_intermediate_size=20,
            moe_shared_expert_intermediate_size=20,
            n_group=4,
            num_attention_heads=6,
            num_experts=12,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_key_value_heads=2,
            num_nextn_predict_layers=0,
            num_shared_experts=1,
            pad_token_id=210,
            partial_rotary_factor=0.5,
            rope_theta=600000,
            rotary_dim=10,
            routed_scaling_factor=2.5,
            topk_group=2,
            use_bias=False,
            use_qk_norm=True,
            use_qkv_bias=False,
            vocab_size=211,
        ),
        prompt=90,
        seed=4,
        module=BailingMoeV2,
        source=_SOURCE_2,
        float32=r"expert_bias$",
        embed_std=0.03,
        rules=_RULES,
        inert=_INERT | {"auto_map.*", "norm_topk_prob"},
    ),
    FamilyCase(
        "ling2-mtp",
        "bailing_moe_v2",
        "MTP layer with its logits, 2 of 3 groups, top-4 of 9, 2 shared experts, biases of qkv and "
        "dense, no q and k norms, rope on 12 of 16 dimensions, first 2 layers dense",
        _v2(
            eos_token_id=196,
            first_k_dense_replace=2,
            head_dim=16,
            hidden_size=40,
            intermediate_size=52,
            model_type="bailing_moe_v2",
            moe_intermediate_size=20,
            mtp_loss_scaling_factor=0,
            n_group=3,
            num_attention_heads=3,
            num_experts=9,
            num_experts_per_tok=4,
            num_hidden_layers=3,
            num_key_value_heads=3,
            num_nextn_predict_layers=1,
            num_shared_experts=2,
            pad_token_id=196,
            partial_rotary_factor=0.75,
            rope_theta=10000,
            routed_scaling_factor=1.3,
            topk_group=2,
            use_bias=True,
            use_qk_norm=False,
            use_qkv_bias=True,
            vocab_size=197,
        ),
        prompt=48,
        seed=37,
        module=BailingMoeV2,
        source=_SOURCE_2,
        float32=r"expert_bias$",
        embed_std=0.03,
        rules=_RULES,
        inert=_INERT | {"auto_map.*", "norm_topk_prob"},
    ),
]
