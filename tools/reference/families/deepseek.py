"""DeepSeek-V2, DeepSeek-V3 and Kimi K2."""

from golden_case import FamilyCase

# Keys that say how the makers train or deploy, or that transformers does not read because its class
# knows one kind only.
_INERT = frozenset(
    "aux_loss_alpha ep_size moe_layer_freq seq_aux num_nextn_predict_layers num_key_value_heads "
    "scoring_func rope_scaling.type".split()
)


def _config(model_type, heads, bos, **more):
    return dict(
        architectures=[
            "DeepseekV2ForCausalLM" if model_type == "deepseek_v2" else "DeepseekV3ForCausalLM"
        ],
        attention_bias=False,
        attention_dropout=0.0,
        bos_token_id=bos,
        eos_token_id=bos + 1,
        ep_size=1,
        hidden_act="silu",
        initializer_range=0.02,
        model_type=model_type,
        moe_layer_freq=1,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        pretraining_tp=1,
        rms_norm_eps=1e-06,
        scoring_func="softmax" if model_type == "deepseek_v2" else "sigmoid",
        seq_aux=True,
        tie_word_embeddings=False,
        torch_dtype="bfloat16",
        transformers_version="4.33.1",
        use_cache=True,
    ) | more


def _yarn(factor, original, mscale, mscale_all_dim, beta_fast=1.8, beta_slow=0.35):
    return dict(
        beta_fast=beta_fast,
        beta_slow=beta_slow,
        factor=factor,
        mscale=mscale,
        mscale_all_dim=mscale_all_dim,
        original_max_position_embeddings=original,
        type="yarn",
    )


def mtp_layer(config, layer):
    """The module that predicts one token more: two norms, a projection, a decoder layer, a head."""
    hidden, vocab = config["hidden_size"], config["vocab_size"]
    own = {
        "embed_tokens.weight": (vocab, hidden),
        "enorm.weight": (hidden,),
        "hnorm.weight": (hidden,),
        "eh_proj.weight": (hidden, 2 * hidden),
        "shared_head.norm.weight": (hidden,),
        "shared_head.head.weight": (vocab, hidden),
    }
    return {f"model.layers.{config['num_hidden_layers']}.{k}": v for k, v in (own | layer).items()}


CASES = [
    FamilyCase(
        "deepseek-v2-lite",
        "deepseek_v2",
        "MLA without q_lora, 3 heads, softmax routing top-3 of 7 times 1.3, 2 shared experts, yarn "
        "with mscale 0.707 past the original length, first layer dense, v_head_dim 12",
        _config(
            "deepseek_v2", 3, 128,
            aux_loss_alpha=0.001,
            first_k_dense_replace=1,
            hidden_size=36,
            intermediate_size=44,
            kv_lora_rank=20,
            max_position_embeddings=160,
            moe_intermediate_size=12,
            n_group=1,
            n_routed_experts=7,
            n_shared_experts=2,
            norm_topk_prob=False,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            q_lora_rank=None,
            qk_nope_head_dim=20,
            qk_rope_head_dim=12,
            rope_scaling=_yarn(4, 40, 0.707, 0.707),
            rope_theta=1000,
            routed_scaling_factor=1.3,
            topk_group=1,
            topk_method="greedy",
            v_head_dim=12,
            vocab_size=131,
        ),
        gguf=True,
        prompt=60,
        inert=_INERT | {"n_group", "norm_topk_prob", "topk_group", "topk_method"},
    ),
    FamilyCase(
        "deepseek-v2",
        "deepseek_v2",
        "MLA with q_lora 28, 4 heads, group_limited_greedy: top-3 of 9 from 2 of 3 groups (group "
        "maximum) times 2.5, 1 shared expert, yarn with mscale 1.0 over 0.707, first 2 layers dense",
        _config(
            "deepseek_v2", 4, 143,
            aux_loss_alpha=0.003,
            first_k_dense_replace=2,
            hidden_size=44,
            intermediate_size=52,
            kv_lora_rank=28,
            max_position_embeddings=160,
            moe_intermediate_size=12,
            n_group=3,
            n_routed_experts=9,
            n_shared_experts=1,
            norm_topk_prob=False,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            q_lora_rank=28,
            qk_nope_head_dim=12,
            qk_rope_head_dim=12,
            rope_scaling=_yarn(4, 40, 1.0, 0.707),
            rope_theta=1000,
            routed_scaling_factor=2.5,
            topk_group=2,
            topk_method="group_limited_greedy",
            v_head_dim=20,
            vocab_size=149,
        ),
        prompt=64,
        inert=_INERT | {"norm_topk_prob"},
        seed=3,
    ),
    FamilyCase(
        "deepseek-v3",
        "deepseek_v3",
        "MLA with q_lora 20, 5 heads, sigmoid routing with bias: top-3 of 12 from 2 of 4 groups (sum "
        "of the best two, others −inf; most chosen scores are below 0), renormalised, times 2.5, "
        "yarn past the original length, MTP layer on disk, two shards",
        _config(
            "deepseek_v3", 5, 128,
            first_k_dense_replace=1,
            hidden_size=40,
            intermediate_size=44,
            kv_lora_rank=20,
            max_position_embeddings=160,
            moe_intermediate_size=12,
            n_group=4,
            n_routed_experts=12,
            n_shared_experts=1,
            norm_topk_prob=True,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_nextn_predict_layers=1,
            q_lora_rank=20,
            qk_nope_head_dim=12,
            qk_rope_head_dim=12,
            rope_scaling=_yarn(4, 40, 1.0, 1.0),
            rope_theta=1000,
            routed_scaling_factor=2.5,
            topk_group=2,
            topk_method="noaux_tc",
            v_head_dim=20,
            vocab_size=131,
        ),
        gguf=True,
        prompt=64,
        shards=2,
        rules=((r"e_score_correction_bias$", "select_low", 1.0),),
        float32=r"e_score_correction_bias$",
        inert=_INERT | {"topk_method"},
        extra=mtp_layer,
        seed=7,
    ),
    FamilyCase(
        "deepseek-v3-wide",
        "deepseek_v3",
        "MLA without q_lora, 3 heads, top-5 of 16 from 3 of 4 groups, not renormalised, 2 shared "
        "experts, no rope scaling, every layer sparse",
        _config(
            "deepseek_v3", 3, 140,
            first_k_dense_replace=0,
            hidden_size=36,
            intermediate_size=44,
            kv_lora_rank=28,
            max_position_embeddings=512,
            moe_intermediate_size=8,
            n_group=4,
            n_routed_experts=16,
            n_shared_experts=2,
            norm_topk_prob=False,
            num_experts_per_tok=5,
            num_hidden_layers=2,
            q_lora_rank=None,
            qk_nope_head_dim=20,
            qk_rope_head_dim=8,
            rope_scaling=None,
            rope_theta=10000,
            routed_scaling_factor=1.2,
            topk_group=3,
            topk_method="noaux_tc",
            v_head_dim=12,
            vocab_size=143,
        ),
        prompt=64,
        float32=r"e_score_correction_bias$",
        inert=_INERT | {"topk_method", "intermediate_size"},
        seed=4,
    ),
    FamilyCase(
        "kimi-k2",
        "kimi_k2",
        "model_type kimi_k2: one group, top-3 of 11 times 2.827, 1 shared expert, q_lora 28, 2 heads, "
        "yarn with equal betas and factor 8",
        _config(
            "kimi_k2", 2, 140,
            aux_loss_alpha=0.001,
            first_k_dense_replace=1,
            hidden_size=44,
            intermediate_size=52,
            kv_lora_rank=20,
            max_position_embeddings=256,
            moe_intermediate_size=12,
            n_group=1,
            n_routed_experts=11,
            n_shared_experts=1,
            norm_topk_prob=True,
            num_experts_per_tok=3,
            num_hidden_layers=3,
            num_nextn_predict_layers=0,
            q_lora_rank=28,
            qk_nope_head_dim=20,
            qk_rope_head_dim=16,
            rope_scaling=_yarn(8.0, 36, 1.0, 1.0, 1.0, 1.0),
            rope_theta=500.0,
            routed_scaling_factor=2.827,
            topk_group=1,
            topk_method="noaux_tc",
            v_head_dim=20,
            vocab_size=147,
        ),
        prompt=72,
        reference_type="deepseek_v3",
        float32=r"e_score_correction_bias$",
        inert=_INERT | {"topk_method", "topk_group"},
        seed=4,
    ),
]
