"""Hunyuan-Large, and Hunyuan-A13B as its makers publish it."""

from golden_case import FamilyCase
from published.hunyuan import HunYuan

_RULES = (
    (r"(norm|layernorm)\.weight$", "norm", 1.0),
    (r"embed_tokens", "embed", 1.0),
    (r"(q_proj|k_proj)\.bias$", "shift", 4.0),
    (r"\.bias$", "shift", 0.5),
    (r"wg\.weight$", "matrix", 2.5),
    (r"\.weight$", "matrix", 1.0),
)
_INERT = frozenset(
    "capacity_factor moe_drop_tokens moe_random_routing_dropped_token rope_scaling.type "
    "rope_scaling.factor rope_scaling.beta_fast rope_scaling.beta_slow rope_scaling.mscale "
    "rope_scaling.mscale_all_dim".split()
)
# Of the A13B file: switches of other models of the makers, all off or without effect here.
_A13B_INERT = frozenset(
    "add_classification_head anyres_pooling_size attention_head_dim cla_share_factor class_num "
    "dense_list eod_token_id group_limited_greedy mlp_bias moe_layer_num_skipped "
    "norm_topk_prob norm_type org_vocab_size pad_id pool_type position_embedding_xdrope "
    "routed_scaling_factor sep_token_id skip_cls_token use_mla use_rotary_pos_emb".split()
)
_SOURCE_LARGE = (
    "Tencent/Tencent-Hunyuan-Large cdc3735 modeling_hunyuan.py, whose own layers in float32 agree "
    "to 2e-6"
)
_SOURCE_A13B = (
    "Tencent-Hunyuan/Hunyuan-A13B 2798f3c modeling_hunyuan.py without its limit of tokens per "
    "expert, whose own layers in float32 agree to 1e-6, as transformers' hunyuan_v1_moe does"
)

CASES = [
    FamilyCase(
        "hunyuan-large",
        "hunyuan",
        "cross-layer attention: layers 1 and 3 of 4 use the keys and values of 0 and 2 with their "
        "own key norms; q and k norms after rope, alpha 1000, top-1 of 5, shared expert, 6 heads "
        "on 2, head_dim 10, tied",
        dict(
            architectures=["HunYuanForCausalLM"],
            attention_bias=False,
            attention_dropout=0.1,
            bos_token_id=1,
            capacity_factor=1.0,
            cla_share_factor=2,
            eos_token_id=2,
            hidden_act="silu",
            hidden_size=60,
            initializer_range=0.02,
            intermediate_size=36,
            max_position_embeddings=131072,
            model_type="hunyuan",
            moe_drop_tokens=False,
            moe_random_routing_dropped_token=False,
            moe_topk=1,
            num_attention_heads=6,
            num_experts=5,
            num_hidden_layers=4,
            num_key_value_heads=2,
            num_shared_expert=1,
            pad_token_id=0,
            pretraining_tp=1,
            rms_norm_eps=1e-05,
            rope_scaling=dict(alpha=1000.0, factor=1.0, type="dynamic"),
            rope_theta=10000.0,
            tie_word_embeddings=True,
            torch_dtype="bfloat16",
            transformers_version="4.41.2",
            use_cache=True,
            use_cla=True,
            use_mixed_mlp_moe=True,
            use_qk_norm=True,
            vocab_size=211,
        ),
        prompt=60,
        seed=3,
        module=HunYuan,
        source=_SOURCE_LARGE,
        float32=r"wg\.weight$",
        embed_std=0.04,
        rules=_RULES,
        inert=_INERT,
    ),
    FamilyCase(
        "hunyuan-cla-biases",
        "hunyuan",
        "cross-layer attention with a share factor of 3, biases, no rope scaling, top-2 of 5, two "
        "shared widths, 3 heads on 3, head_dim 16, untied",
        dict(
            architectures=["HunYuanForCausalLM"],
            attention_bias=True,
            bos_token_id=1,
            cla_share_factor=3,
            eos_token_id=2,
            hidden_act="silu",
            hidden_size=48,
            intermediate_size=20,
            max_position_embeddings=32768,
            model_type="hunyuan",
            moe_drop_tokens=False,
            moe_topk=2,
            num_attention_heads=3,
            num_experts=5,
            num_hidden_layers=4,
            num_key_value_heads=3,
            num_shared_expert=2,
            pad_token_id=0,
            rms_norm_eps=1e-05,
            rope_scaling=None,
            rope_theta=10000.0,
            tie_word_embeddings=False,
            torch_dtype="bfloat16",
            use_cla=True,
            use_mixed_mlp_moe=True,
            use_qk_norm=True,
            vocab_size=199,
        ),
        prompt=72,
        seed=6,
        module=HunYuan,
        source=_SOURCE_LARGE,
        float32=r"wg\.weight$",
        embed_std=0.06,
        # Sharper attention, where the biases would drown it.
        rules=((r"query_layernorm", "shift", 5.0), *_RULES),
        inert=_INERT,
    ),
    FamilyCase(
        "hunyuan-a13b",
        "hunyuan",
        "lists per layer, top-3 of 8, shared expert, q and k norms after rope, alpha 1000, 6 heads "
        "on 1, head_dim 10, tied, the makers' whole config",
        dict(
            add_classification_head=False,
            anyres_pooling_size=2,
            architectures=["HunYuanMoEV1ForCausalLM"],
            attention_bias=False,
            attention_dropout=0.1,
            attention_head_dim=10,
            bos_token_id=1,
            cla_share_factor=2,
            class_num=0,
            dense_list=[4096, 0],
            eod_token_id=207,
            eos_token_id=206,
            group_limited_greedy=False,
            hidden_act="silu",
            hidden_size=60,
            initializer_range=0.02,
            intermediate_size=28,
            kv_lora_rank=None,
            max_position_embeddings=32768,
            mlp_bias=False,
            model_type="hunyuan",
            moe_drop_tokens=False,
            moe_intermediate_size=[28, 28, 28],
            moe_layer_num_skipped=0,
            moe_random_routing_dropped_token=False,
            moe_topk=[3, 3, 3],
            n_group=None,
            norm_topk_prob=True,
            norm_type="rms",
            num_attention_heads=6,
            num_experts=8,
            num_hidden_layers=3,
            num_key_value_heads=1,
            num_shared_expert=[1, 1, 1],
            org_vocab_size=208,
            pad_id=205,
            pad_token_id=205,
            pool_type="last",
            position_embedding_xdrope=False,
            pretraining_tp=1,
            q_lora_rank=None,
            qk_nope_head_dim=None,
            qk_rope_head_dim=None,
            rms_norm_eps=1e-05,
            rope_scaling=dict(
                alpha=1000.0, beta_fast=32, beta_slow=1, factor=1.0, mscale=1.0,
                mscale_all_dim=1.0, type="dynamic",
            ),
            rope_theta=10000.0,
            routed_scaling_factor=1.0,
            sep_token_id=204,
            skip_cls_token=False,
            tie_word_embeddings=True,
            topk_group=None,
            torch_dtype="bfloat16",
            transformers_version="4.41.2",
            use_cache=True,
            use_cla=False,
            use_mixed_mlp_moe=True,
            use_mla=False,
            use_qk_norm=True,
            use_rotary_pos_emb=True,
            v_head_dim=None,
            vocab_size=208,
            xdrope_section=None,
        ),
        prompt=56,
        module=HunYuan,
        source=_SOURCE_A13B,
        float32=r"wg\.weight$",
        embed_std=0.04,
        rules=_RULES,
        inert=_INERT | _A13B_INERT,
    ),
]
